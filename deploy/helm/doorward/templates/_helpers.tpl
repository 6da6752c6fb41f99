{{- define "doorward.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "doorward.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else if contains (include "doorward.name" .) .Release.Name }}
{{- .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "doorward.name" .) | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "doorward.selector" -}}
app.kubernetes.io/name: {{ include "doorward.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "doorward.labels" -}}
{{ include "doorward.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "doorward.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{- /* The user of the image, in a group that may read the secret's files. */}}
{{- define "doorward.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "doorward.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}

{{- /* The data folder is needed for letters only, while there is no mail server. */}}
{{- define "doorward.volumes" -}}
- name: temporary
  emptyDir:
    medium: Memory
    sizeLimit: {{ .Values.temporaryFolderSize }}
- name: data
  emptyDir: {}
{{- end }}

{{- define "doorward.mounts" -}}
- name: temporary
  mountPath: /tmp
- name: data
  mountPath: /data
- name: secret
  mountPath: /run/secrets/doorward
  readOnly: true
{{- end }}

{{- define "doorward.settings" -}}
- name: DOORWARD_HOST
  value: 0.0.0.0
- name: DOORWARD_PORT
  value: "8080"
- name: DOORWARD_DATA_DIR
  value: /data/doorward
- name: DOORWARD_PUBLIC_URL
  value: {{ .Values.publicUrl | quote }}
- name: DOORWARD_DRAIN_SECONDS
  value: {{ .Values.drainSeconds | quote }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
