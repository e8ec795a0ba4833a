{{/*
The part of the values that bootstrap_runtimes reads, as JSON, which is YAML in which nobody can take a text such as "no"
or "0o17" for something else. Nothing while neither section is given. Other keys of the composition go along by name
alone: the bootstrap tells a misspelt section, which would otherwise pass for one from which everything was removed.
*/}}
{{- define "mlops-console.catalogue" -}}
{{- $given := .Values.config.deployer.composition -}}
{{- if or (hasKey $given "runtimeImages") (hasKey $given "runtimes") -}}
{{- $told := dict -}}
{{- range $key, $value := $given -}}
{{- $_ := set $told $key (ternary $value nil (has $key (list "runtimeImages" "runtimes"))) -}}
{{- end -}}
{{- $registry := dict "registry" (default "" .Values.image.registry) -}}
{{- dict "image" $registry "config" (dict "deployer" (dict "composition" $told)) | toPrettyJson -}}
{{- end -}}
{{- end }}
