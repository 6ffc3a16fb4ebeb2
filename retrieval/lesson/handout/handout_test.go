package handout

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
)

func report() lesson.Report {
	ms := 503.0
	return lesson.Report{Score: &lesson.ScoreReport{Right: 0, Decided: 1}, Account: "work <script>", At: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC), IMAP: []string{"IMAP4rev1", "IDLE"}, POP3: []string{"UIDL"},
		Total: lesson.CountsReport{Held: 2, Failed: 1, Observed: 1},
		Lessons: []lesson.LessonReport{{Number: 4, Title: "Download | delete", Steps: []lesson.StepReport{{Title: "Fetch it", Statements: []lesson.StatementReport{
			{Kind: lesson.Ask, Question: &lesson.QuestionReport{Text: "What does IMAP list?", Choices: map[string]string{"a": "Only B", "b": "A and B"}, Right: "b", Sure: true, Chosen: "a"}},
			{Kind: lesson.Act, Text: "pop3 dele A", Transcript: []string{"POP3 C: DELE 1", "POP3 S: +OK <b>marked</b> ```"}},
			{Kind: lesson.Expect, Verdict: lesson.Failed, Saw: "IMAP lists B", Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 6"},
			{Kind: lesson.Measure, Name: "imap", Octets: 28000, Turns: 9}, {Kind: lesson.Measure, Name: "pop3", Octets: 165000, Turns: 7},
			{Kind: lesson.Observe, Name: "told", Value: "by-itself", DelayMS: &ms},
			{Kind: lesson.Conclude, Name: "told", Value: "by-itself", Saw: "IMAP heard it by itself", Cause: retrieval.CausePolicy, Source: "RFC 2177"},
		}}}}}}
}

// TestHTML holds what a page owes its reader: everything in it, nothing from
// elsewhere, nothing of a server's taken as markup, and a form that a screen
// reader can follow.
func TestHTML(t *testing.T) {
	s, err := HTML(report(), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<html lang="en">`, "A and B", "FAILED: IMAP lists B", "503 ms later", "this server&#39;s policy", "28.0 kB", "9 turnarounds",
		"IMAP4rev1", "POP3 C: DELE 1", "Predicted:</strong> Only B", "0 of 1 predictions", "work &lt;script&gt;", "&lt;b&gt;marked", `role="img"`, "<title>Octets and turnarounds: imap: 28.0 kB"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	for _, never := range []string{"http:", "https:", "<script", "src=", "<link"} {
		if strings.Contains(s, never) {
			t.Errorf("%q is in the page", never)
		}
	}
	level := 0
	for _, m := range regexp.MustCompile(`<h([1-6])`).FindAllStringSubmatch(s, -1) {
		n := int(m[1][0] - '0')
		if n > level+1 {
			t.Errorf("a heading of level %d follows one of level %d", n, level)
		}
		level = n
	}
	for _, th := range regexp.MustCompile(`<th[^e][^>]*>|<th>`).FindAllString(s, -1) {
		if !strings.Contains(th, "scope=") {
			t.Errorf("a header cell has no scope: %s", th)
		}
	}
	if n, c := strings.Count(s, "<table>"), strings.Count(s, "<caption>"); n != c || n != 2 {
		t.Errorf("%d tables, %d captions", n, c)
	}
}

func TestMarkdown(t *testing.T) {
	s := Markdown(report())
	for _, want := range []string{"# What IMAP and POP3 did on work &lt;script>", "| IMAP4rev1 | UIDL |", "**Predicted:** Only B", "0 of 1 predictions", "**Answer:** A and B", "- FAILED: IMAP lists B (protocol, RFC 1939 section 6)",
		"| imap | 28.0 kB | 9 |", `4. Download \| delete`, "POP3 C: DELE 1", "this server's policy"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is not in:\n%s", want, s)
		}
	}
	if strings.Count(s, "```")%2 != 0 {
		t.Error("a server's words end a block")
	}
}
