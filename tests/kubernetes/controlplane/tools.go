//go:build tools

// Package controlplane pins what build.sh builds; of the Gateway API only the CRDs are used.
package controlplane

import _ "sigs.k8s.io/gateway-api/pkg/consts"
