// Reads statements from standard input, as an array of JSON, and prints for each parser the statements that it refuses,
// with its reason, and what it read of those that it takes.
package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/format"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"
	"vitess.io/vitess/go/vt/sqlparser"
)

type result struct {
	Parser    string `json:"parser"`
	Statement string `json:"statement"`
	Error     string `json:"error"`
	Read      string `json:"read"`
}

func byTiDB(statement string) (string, error) {
	node, err := parser.New().ParseOneStmt(statement, "", "")
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = node.Restore(format.NewRestoreCtx(format.DefaultRestoreFlags, &text))
	return text.String(), err
}

func byVitess(statement string) (string, error) {
	node, err := sqlparser.NewTestParser().Parse(statement)
	if err != nil {
		return "", err
	}
	return sqlparser.String(node), nil
}

func main() {
	var statements []string
	if err := json.NewDecoder(os.Stdin).Decode(&statements); err != nil {
		panic(err)
	}
	results := []result{}
	parsers := map[string]func(string) (string, error){"tidb": byTiDB, "vitess": byVitess}
	for name, parse := range parsers {
		for _, statement := range statements {
			read, err := parse(statement)
			found := result{Parser: name, Statement: statement, Read: read}
			if err != nil {
				found.Error = err.Error()
			}
			results = append(results, found)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		panic(err)
	}
}
