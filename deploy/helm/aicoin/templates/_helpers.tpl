{{/* Labels of everything. Call with (dict "root" $ "name" name). */}}
{{- define "aicoin.labels" -}}
{{ include "aicoin.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* Labels that select one service's pods. */}}
{{- define "aicoin.selector" -}}
app.kubernetes.io/part-of: aicoin
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .name }}
{{- end }}

{{- define "aicoin.image" -}}
{{ printf "%s/%s:%s" .root.Values.image.repository .image (.root.Values.image.tag | default .root.Chart.AppVersion) }}
{{- end }}

{{/* What a container may not do; as deploy/compose.base.yaml has it. */}}
{{- define "aicoin.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "aicoin.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "aicoin.redisUrl" -}}
{{ ternary "rediss" "redis" .root.Values.redis.tls }}://{{ .user }}:$({{ .password }})@{{ .root.Values.redis.host }}:{{ .root.Values.redis.port }}/{{ .root.Values.redis.database }}
{{- end }}

{{- define "aicoin.databaseUrl" -}}
postgresql://{{ .user }}:$({{ .password }})@{{ .root.Values.postgres.host }}:{{ .root.Values.postgres.port }}/{{ .root.Values.postgres.database }}?sslmode={{ .root.Values.postgres.sslmode }}
{{- end }}

{{/* The variable with the password of a service's own user in the stores. */}}
{{- define "aicoin.passwordVariable" -}}
STORE_PASSWORD_{{ . | upper | replace "-" "_" }}
{{- end }}

{{- define "aicoin.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: {name: {{ .root.Values.secret }}, key: {{ .name }}}
{{- end }}

{{/* Every service as a dict: name, image, stores, outside (reaches the exchange or a model), keys (of the secret, as
files), values. Call with the root; gives JSON. */}}
{{- define "aicoin.services" -}}
{{- $services := list }}
{{- $values := .Values.services }}
{{- $wallets := list }}
{{- range .Values.contenders }}
{{- $wallets = concat $wallets (list (printf "HYPERLIQUID_PRIVATE_KEY_%s" (upper .id)) (printf "HYPERLIQUID_ACCOUNT_ADDRESS_%s" (upper .id))) }}
{{- end }}
{{- if eq .Values.hyperliquidEnv "paper" }}
{{- $services = append $services (dict "name" "simulator" "image" "simulator" "stores" (list) "outside" true "keys" (list "SIMULATOR_ACCOUNTS") "values" $values.simulator) }}
{{- end }}
{{- $both := list "redis" "postgres" }}
{{- $services = append $services (dict "name" "recorder" "image" "recorder" "stores" $both "outside" false "keys" (list) "values" $values.recorder) }}
{{- $services = append $services (dict "name" "executor" "image" "executor" "stores" $both "outside" true "keys" $wallets "values" $values.executor) }}
{{- $services = append $services (dict "name" "risk" "image" "risk" "stores" $both "outside" false "keys" (list) "values" $values.risk) }}
{{- $services = append $services (dict "name" "ingester" "image" "ingester" "stores" (list "redis") "outside" true "keys" (list) "values" $values.ingester) }}
{{- range .Values.contenders }}
{{- $services = append $services (dict "name" (printf "agent-%s" .id) "image" .image "stores" (list "redis") "outside" true "keys" (list (printf "%s_API_KEY" (upper .id))) "contender" . "values" $values.agent) }}
{{- end }}
{{- $services = append $services (dict "name" "gateway" "image" "gateway" "stores" $both "outside" false "keys" (list "CONTROL_TOKEN" "RESUME_TOKEN" "ALERT_TOKEN" "READ_TOKEN") "values" $values.gateway) }}
{{- $services = append $services (dict "name" "notifier" "image" "notifier" "stores" (list "redis") "outside" true "keys" (list "NOTIFY_URLS" "DEADMAN_URL") "values" $values.notifier) }}
{{- toJson (dict "services" $services) }}
{{- end }}
