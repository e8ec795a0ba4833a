"""An engine on a Kubernetes cluster: the cluster schedules, rolls and routes; this writes objects and reads them."""
