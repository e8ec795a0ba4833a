{{/* The console's settings, as variables of a container. */}}

{{/* What every program of the console reads, the Job included. */}}
{{- define "mlops-console.basicEnv" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ required "database.existingSecret: name the Secret that holds the database's URL" .Values.database.existingSecret }}
      key: {{ .Values.database.key }}
- name: SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ default .Values.database.existingSecret .Values.secretKey.existingSecret }}
      key: {{ .Values.secretKey.key }}
- name: SECRET_KEY_FALLBACKS
  valueFrom:
    secretKeyRef:
      name: {{ default .Values.database.existingSecret .Values.secretKey.existingSecret }}
      key: {{ .Values.secretKey.formerKeys }}
      optional: true
- name: DATA_DIR
  value: {{ include "mlops-console.dataDir" . }}
- name: LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- end }}

{{/* What web and worker read; both know all of it, so that neither has to be told of the other's needs. */}}
{{- define "mlops-console.env" -}}
{{ include "mlops-console.basicEnv" . }}
- name: ALLOWED_HOSTS
  value: {{ include "mlops-console.allowedHosts" . | quote }}
{{- with .Values.csrfTrustedOrigins }}
- name: CSRF_TRUSTED_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
- name: SECURE
  value: {{ .Values.secure | quote }}
- name: SESSION_HOURS
  value: {{ .Values.sessionHours | int | quote }}
{{- with .Values.metrics.existingSecret }}
- name: METRICS_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.metrics.key }}
{{- end }}
- name: ENGINE
  value: kubernetes
- name: READY_SECONDS
  value: {{ .Values.engine.readySeconds | int | quote }}
- name: KUBERNETES_NAMESPACE
  value: {{ .Values.engine.namespace | quote }}
- name: KUBERNETES_CREATE_NAMESPACES
  value: {{ include "mlops-console.createsNamespaces" . | default "false" | quote }}
- name: KUBERNETES_GATEWAY
  value: {{ required "engine.gateway: give the Gateway that routes to scorers, as namespace/name" .Values.engine.gateway | quote }}
- name: KUBERNETES_ADDRESS
  value: {{ required "engine.address: give the base address at which clients reach the Gateway" .Values.engine.address | quote }}
- name: KUBERNETES_CONSOLE_URL
  value: {{ include "mlops-console.consoleUrl" . | quote }}
- name: KUBERNETES_FETCH_IMAGE
  value: {{ default (include "mlops-console.image" .) .Values.engine.fetchImage | quote }}
{{- with .Values.engine.pullSecrets }}
- name: KUBERNETES_PULL_SECRETS
  value: {{ join "," . | quote }}
{{- end }}
- name: KUBERNETES_MIN_READY_SECONDS
  value: {{ .Values.engine.minReadySeconds | int | quote }}
- name: KUBERNETES_GRACE_SECONDS
  value: {{ .Values.engine.graceSeconds | int | quote }}
- name: KUBERNETES_RESYNC_SECONDS
  value: {{ .Values.engine.resyncSeconds | int | quote }}
{{- end }}

{{- define "mlops-console.dataDir" -}}
/var/lib/mlops-console
{{- end }}

{{- define "mlops-console.service" -}}
{{- printf "%s-web" (include "mlops-console.fullname" .) -}}
{{- end }}

{{/* Where pods of scorers, which stand in other namespaces, reach the console. */}}
{{- define "mlops-console.consoleUrl" -}}
{{- $port := .Values.web.service.port | int -}}
{{- $service := printf "http://%s.%s.svc" (include "mlops-console.service" .) .Release.Namespace -}}
{{- default (ternary $service (printf "%s:%d" $service $port) (eq $port 80)) .Values.engine.consoleUrl -}}
{{- end }}

{{/* Names people type, and the one by which pods of scorers ask. Probes and scrapes are answered whatever they call it. */}}
{{- define "mlops-console.allowedHosts" -}}
{{- $inner := get (urlParse (include "mlops-console.consoleUrl" .)) "hostname" -}}
{{- append (default (list "localhost" "127.0.0.1") .Values.hosts) $inner | uniq | join "," -}}
{{- end }}

{{/* Where a program listens: on every address of IPv4, or in brackets of IPv6. */}}
{{- define "mlops-console.listenHost" -}}
{{- if contains ":" .Values.listenAddress -}}[{{ .Values.listenAddress }}]{{- else -}}{{ .Values.listenAddress }}{{- end -}}
{{- end }}

{{/* "true" where each workspace has a namespace of its own, else nothing. */}}
{{- define "mlops-console.namespacePerWorkspace" -}}
{{- if contains "{workspace}" .Values.engine.namespace -}}true{{- end -}}
{{- end }}

{{/* One fixed namespace has to be there before its Role can be, so there is nothing left to create. */}}
{{- define "mlops-console.createsNamespaces" -}}
{{- if and .Values.engine.createNamespaces (include "mlops-console.namespacePerWorkspace" .) -}}true{{- end -}}
{{- end }}

{{/* Values that are right by themselves and wrong together. */}}
{{- define "mlops-console.checks" -}}
{{- $shared := and .Values.artifacts.persistence (eq .Values.artifacts.accessMode "ReadWriteMany") -}}
{{- if and (gt (int .Values.web.replicas) 1) (not $shared) -}}
{{- fail "web.replicas: more than one web pod needs a volume that all of them share: artifacts.persistence with artifacts.accessMode ReadWriteMany" -}}
{{- end -}}
{{- if and (or .Values.ingress.enabled .Values.httpRoute.enabled) (not .Values.hosts) -}}
{{- fail "hosts: an Ingress or HTTPRoute needs at least one host name" -}}
{{- end -}}
{{- if and (include "mlops-console.namespacePerWorkspace" .) (gt (len .Values.engine.namespace) 51) -}}
{{- fail "engine.namespace: at most 40 characters around {workspace}, so that its ID has room" -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.existingSecret) -}}
{{- fail "metrics.existingSecret: without a token /metrics answers platform admins only, and no Prometheus" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: name the Gateway that the route is to hang on" -}}
{{- end -}}
{{- end }}
