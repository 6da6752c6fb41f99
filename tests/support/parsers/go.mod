module parsers.test

go 1.26.8

require (
	github.com/pingcap/tidb/pkg/parser v0.0.0-20260418072757-ce92298d1124
	vitess.io/vitess v0.24.4
)

exclude github.com/DataDog/opentelemetry-mapping-go/pkg/otlp/attributes v0.33.0
