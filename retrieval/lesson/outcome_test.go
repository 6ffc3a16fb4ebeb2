package lesson

import (
	"strings"
	"testing"
)

// TestRight holds that the evidence decides: a given answer is only sure when
// every expectation after the question held, an observed one is what was seen.
func TestRight(t *testing.T) {
	given := &Statement{Kind: Ask, Right: "a"}
	seen := &Statement{Kind: Ask, RightBy: "x"}
	held := Outcome{Statement: Statement{Kind: Expect}, Verdict: Held, Saw: "IMAP lists B"}
	failed := Outcome{Statement: Statement{Kind: Expect}, Verdict: Failed, Saw: "IMAP lists A B"}
	concluded := Outcome{Statement: Statement{Kind: Conclude, Name: "x"}, Verdict: Held, Value: "never", Meaning: &Meaning{Text: "leaves it alone"}}
	for _, c := range []struct {
		name string
		ask  *Statement
		outs []Outcome
		key  string
		sure bool
		why  string
	}{
		{"held", given, []Outcome{held}, "a", true, "lists B"},
		{"failed", given, []Outcome{held, failed}, "a", false, "lists A B"},
		{"observed", seen, []Outcome{held, concluded}, "never", true, "leaves it alone"},
		{"not waited for", seen, []Outcome{held}, "", false, "lists B"},
		{"until the next question", given, []Outcome{held, {Statement: Statement{Kind: Ask}}, failed}, "a", true, "lists B"},
	} {
		a := Right(c.ask, c.outs)
		if a.Key != c.key || a.Sure != c.sure || !strings.Contains(a.Why, c.why) {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}
