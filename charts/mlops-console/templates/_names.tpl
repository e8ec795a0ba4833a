{{/* How things are called. */}}

{{- define "mlops-console.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* Room is left for the ending of the longest name, -worker-metrics. */}}
{{- define "mlops-console.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What selects the pods of a component: (list $ "web"). It never changes, so it holds no version. */}}
{{- define "mlops-console.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ include "mlops-console.name" $ }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "mlops-console.labels" -}}
{{- $ := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "mlops-console.selector" . }}
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
app.kubernetes.io/part-of: mlops-console
{{- with $.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The service account of a component: (list $ "web"). */}}
{{- define "mlops-console.account" -}}
{{- $ := index . 0 -}}
{{- $given := (index $.Values (index . 1)).serviceAccount -}}
{{- if $given.create -}}
{{- default (printf "%s-%s" (include "mlops-console.fullname" $) (index . 1)) $given.name -}}
{{- else -}}
{{- default "default" $given.name -}}
{{- end -}}
{{- end }}

{{/* The console's image; as with scorers, the registry is put in front of a repository that names none. */}}
{{- define "mlops-console.image" -}}
{{- $image := .Values.image -}}
{{- $first := splitList "/" $image.repository | first -}}
{{- $whole := and (contains "/" $image.repository) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) -}}
{{- $repository := ternary $image.repository (printf "%s/%s" $image.registry $image.repository) (or $whole (not $image.registry)) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end }}

{{- define "mlops-console.claim" -}}
{{- default (printf "%s-artifacts" (include "mlops-console.fullname" .)) .Values.artifacts.existingClaim -}}
{{- end }}
