package lesson

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

func page1(block string) string {
	return "# A title\n\nSummary\nof two lines.\n\n```lesson\nminutes 3\nmail A \"One\"\nmail B \"Two\" 20 kB\nfolder Archive\ndevice phone \"a phone\"\n```\n\n" +
		"## First step\n\nText.\n\n> Speaker: say it\n> aloud.\n\n```lesson\n" + block + "\n```\n"
}

func TestParse(t *testing.T) {
	l, err := Parse("lessons/07-view.md", []byte(page1(`imap open
# a comment
device phone imap flag A \Seen $Forwarded
pop3 download A B 7d
expect device phone imap flags A \Seen within 5s -- policy, RFC 9051 section 2.3.2
observe x at-once if imap lists nothing
observe x never otherwise
conclude x
  at-once "so" policy
  never "not so" protocol
  source "RFC 1"
ask "Who?"
  at-once "This"
  never "That"
  right by x
measure m
  pop3 retr A
expect less octets m than m
later 8 days on phone
smtp deliver C "Third"
expect imap has C`)))
	if err != nil {
		t.Fatal(err)
	}
	if l.Number != 7 || l.Title != "A title" || l.Minutes != 3 || len(l.Summary) != 1 || l.Summary[0] != "Summary of two lines." {
		t.Errorf("the page's head: %+v", l)
	}
	if len(l.Mails) != 2 || l.Mails[1].Octets != 20_000 || l.Folders[0] != "Archive" || l.Devices[0].Name != "phone" {
		t.Errorf("declarations: %+v", l)
	}
	s := l.Steps[0]
	if len(s.Speaker) != 1 || s.Speaker[0] != "say it aloud." || s.Text[0] != "Text." {
		t.Errorf("prose: %q %q", s.Text, s.Speaker)
	}
	flag := s.Do[1].Action
	if flag.Device != "phone" || flag.Side != retrieval.IMAP || strings.Join(flag.Flags, " ") != `\Seen $Forwarded` {
		t.Errorf("flag: %+v", flag)
	}
	if d := s.Do[2].Action; d.Policy.Mode != account.LeaveDays || len(d.Letters) != 2 {
		t.Errorf("download: %+v", d)
	}
	if e := s.Do[3]; e.Within != 5*time.Second || e.Cause != retrieval.CausePolicy || e.Source != "RFC 9051 section 2.3.2" || e.Line != 26 {
		t.Errorf("expect: %+v", e)
	}
	if c := s.Do[6]; len(c.Meanings) != 2 || c.Source != "RFC 1" {
		t.Errorf("conclude: %+v", c)
	}
	if q := s.Do[7]; q.RightBy != "x" || len(q.Choices) != 2 {
		t.Errorf("ask: %+v", q)
	}
}

// TestProblems holds that every fault is told with its line, and a near miss with what was meant.
func TestProblems(t *testing.T) {
	cases := []struct{ block, line, says string }{
		{"impa open", "22", `"impa" is no statement (did you mean "imap"?)`},
		{"imap open\npop3 rert A", "23", `did you mean "retr"?`},
		{"imap flag A Seen!", "22", `"Seen!" is no flag`},
		{"imap flag A", "22", "it is: imap flag LETTER FLAG..."},
		{"imap flag Z \\Seen", "22", "there is no message Z"},
		{"imap move A Trash", "22", `no folder "Trash" was declared`},
		{"device tablet imap open", "22", `no device "tablet" was declared`},
		{"expect imap lits A", "22", `did you mean "lists"?`},
		{"expect imap has A within 5", "22", "within wants a time"},
		{"expect imap has A -- polcy, RFC 1", "22", `did you mean "policy"?`},
		{"expect less octets a than b", "22", `nothing measured "a" before`},
		{"observe x yes if imap has A", "22", "conclude x is missing"},
		{"observe x yes if imap has A\nobserve x no otherwise\nconclude x\n  yes \"y\" policy", "24", "it can be no"},
		{"ask \"Q?\"\n  a \"one\"\n  b \"two\"\n  right c", "22", "no choice has that key"},
		{"ask \"Q?\"\n  a \"one\"\n  right a", "22", "2 to 6 choices"},
		{"ask \"Q?\n  a \"one\"", "22", `" is missing`},
		{"smtp deliver A \"again\"", "22", "there already, made in line 8"},
		{"later 8 moons", "22", "later 8 days"},
		{"reset everything", "22", "nothing follows reset"},
		{"imap open\n  pop3 open", "23", `nothing stands below "imap"`},
		{"measure m\n  expect imap has A", "23", "only acts"},
	}
	for _, c := range cases {
		_, err := Parse("x.md", []byte(page1(c.block)))
		if err == nil || !strings.Contains(err.Error(), "x.md:"+c.line+": ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q:\n got  %v\n want x.md:%s: … %s", c.block, err, c.line, c.says)
		}
	}
	for text, says := range map[string]string{
		"":                               "no title",
		"# T\n\n## S\n\nNothing to run.": "no step with a lesson block",
		"# T\n\n```lesson\nmial A \"x\"\n```\n\n## S\n\n```lesson\nreset\n```\n": `did you mean "mail"?`,
		"# T\n\n## S\n\n```lesson\nreset\n":                                      "has no end",
	} {
		_, err := Parse("x.md", []byte(text))
		var p *Problem
		if !errors.As(err, &p) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
}

// TestShippedLessons holds what every page owes its reader: a question before
// the answer, a cause and a source for each effect, and notes for the speaker.
func TestShippedLessons(t *testing.T) {
	files, err := filepath.Glob("../../docs/lessons/[0-9]*.md")
	if err != nil || len(files) != 18 {
		t.Fatalf("%d lessons: %v", len(files), err)
	}
	for i, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		l, err := Parse(f, b)
		if err != nil {
			t.Error(err)
			continue
		}
		if l.Number != i+1 || l.Minutes < 3 || l.Minutes > 8 || len(l.Summary) == 0 {
			t.Errorf("%s: number %d, %d minutes, %d paragraphs before the first step", f, l.Number, l.Minutes, len(l.Summary))
		}
		asked, notes := false, 0
		for _, s := range l.Steps {
			notes += len(s.Speaker)
			each(s.Do, func(st *Statement) {
				asked = asked || st.Kind == Ask
				if st.Kind == Expect && (st.Cause == "" || st.Source == "") || st.Kind == Conclude && st.Source == "" {
					t.Errorf("%s:%d: no cause or no source", f, st.Line)
				}
			})
			if last := len(s.Do) - 1; last >= 0 && s.Do[last].Kind == Ask {
				t.Errorf("%s: %s: the question is never answered", f, s.Title)
			}
		}
		if !asked || notes == 0 {
			t.Errorf("%s: a question: %v; %d notes for the speaker", f, asked, notes)
		}
	}
}

// FuzzParse holds that no page stops the program, and that a page is read or has a fault.
func FuzzParse(f *testing.F) {
	f.Add(page1("imap open"))
	f.Add("# x\n## y\n```lesson\nask \"\n  a\n```")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4000 {
			return
		}
		l, err := Parse("f.md", []byte(s))
		if (l == nil) == (err == nil) {
			t.Errorf("%v, %v", l, err)
		}
	})
}

// TestLanguagePage holds that the page on the language has every act and every
// condition, with its arguments and what it means.
func TestLanguagePage(t *testing.T) {
	b, err := os.ReadFile("../../docs/lessons/README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	row := func(words string, v verb) {
		shape := strings.ReplaceAll(string(v.shape), "|", `\|`)
		want := "| `" + strings.TrimSpace(words+" "+shape) + "` | " + v.about + " |"
		if !strings.Contains(text, want) {
			t.Errorf("docs/lessons/README.md lacks: %s", want)
		}
	}
	for _, table := range []map[retrieval.Protocol][]verb{actions, conditions} {
		for side, list := range table {
			for _, v := range list {
				row(strings.ToLower(string(side))+" "+v.name, v)
			}
		}
	}
	for _, v := range outcomes {
		if want := "| `" + v.name + " ACT` | " + v.about + " |"; !strings.Contains(text, want) {
			t.Errorf("docs/lessons/README.md lacks: %s", want)
		}
	}
}
