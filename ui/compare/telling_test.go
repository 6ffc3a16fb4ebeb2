package compare

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
)

// wrote makes transcript lines of "POP3 C QUIT", a tenth of a second apart.
func wrote(after uint64, lines ...string) []retrieval.Line {
	var out []retrieval.Line
	for i, s := range lines {
		f := strings.SplitN(s, " ", 3)
		d := []rune(f[1])[0]
		out = append(out, retrieval.Line{Seq: after + uint64(i) + 1, At: fake.Now.Add(time.Duration(after+uint64(i)) * 10 * time.Millisecond),
			Side: retrieval.Protocol(f[0]), Session: 1, Dir: retrieval.Direction(d), Text: f[2], Octets: int64(len(f[2]) + 2)})
	}
	return out
}

// panel are the texts of the n panel lines, with their side and direction.
func panelLines(m Model, n int) []string {
	var out []string
	for _, s := range m.telling(n, 120) {
		if s.text != "" {
			out = append(out, fmt.Sprintf("%s %c %s", s.side, s.dir, s.text))
		}
	}
	return out
}

var opens = []string{
	"POP3 · connecting to pop.example.org:995", "POP3 · TLS 1.3, certificate of pop.example.org", "POP3 S +OK ready", "POP3 C CAPA", "POP3 S +OK", "POP3 S UIDL", "POP3 S .",
	"POP3 C AUTH PLAIN ***", "POP3 S +OK locked", "POP3 C STAT", "POP3 C LIST", "POP3 C UIDL", "POP3 S +OK 2 40", "POP3 S +OK", "POP3 S 1 20", "POP3 S 2 20", "POP3 S .",
	"POP3 S +OK", "POP3 S 1 a", "POP3 S 2 b", "POP3 S .",
	"IMAP · connecting to imap.example.org:993", "IMAP S * OK ready", "IMAP C T1 LOGIN *** ***", "IMAP S T1 OK in", "IMAP C T2 SELECT INBOX", "IMAP S * 2 EXISTS", "IMAP S T2 OK [READ-WRITE] done",
	"IMAP C T3 FETCH 1:2 (UID ENVELOPE FLAGS)", "IMAP S * 1 FETCH (UID 1 ENVELOPE ())", "POP3 C TOP 1 0", "POP3 C TOP 2 0", "IMAP S * 2 FETCH (UID 2 ENVELOPE ())", "IMAP S T3 OK done",
	"POP3 S +OK", "POP3 S {9 octets}", "POP3 S +OK", "POP3 S {9 octets}", "IMAP C T4 IDLE", "IMAP S + idling",
}

func started() Model {
	m := New(plain(), fake.Rules{}).SetSize(80, 24).SetLines(wrote(0, opens...))
	m.wire = m.wire.cutHere() // as begin does
	return m
}

// TestOpeningIsFewLines holds that what every session begins with stands in one
// line for each side, counted from the lines themselves.
func TestOpeningIsFewLines(t *testing.T) {
	got := panelLines(started(), 20)
	want := []string{
		"POP3 C CAPA, AUTH, STAT, LIST, UIDL; S 14 lines, 85 B", "IMAP C LOGIN; S 2 lines, 22 B",
		"IMAP C T2 SELECT INBOX", "IMAP S T2 OK [READ-WRITE] done",
		"IMAP C FETCH; S 3 lines, 74 B", "POP3 C TOP 1-2; S 4 lines, 34 B",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAnActionIsSeen holds that a command and its effect are in sight in three
// lines, whatever comes with them.
func TestAnActionIsSeen(t *testing.T) {
	n := uint64(len(opens))
	cases := []struct {
		name  string
		lines []string
		want  []string
	}{
		{"QUIT", append([]string{"POP3 C QUIT", "POP3 S +OK bye", "IMAP S * 2 EXPUNGE", "POP3 · closed here"}, opens[:21]...),
			[]string{"POP3 C QUIT", "POP3 S +OK bye", "IMAP S * 2 EXPUNGE"}},
		{"the effect is heard before the answer", append([]string{"POP3 C QUIT", "IMAP S * 2 EXPUNGE", "POP3 S +OK bye"}, opens[:21]...),
			[]string{"POP3 C QUIT", "IMAP S * 2 EXPUNGE", "POP3 S +OK bye"}},
		{"flag", []string{"IMAP C DONE", "IMAP S T4 OK", "IMAP C T5 UID STORE 1 +FLAGS (\\Seen)", "IMAP S * 1 FETCH (FLAGS (\\Seen))", "IMAP S T5 OK done", "IMAP C T6 IDLE"},
			[]string{"IMAP C T5 UID STORE 1 +FLAGS (\\Seen)", "IMAP S * 1 FETCH (FLAGS (\\Seen))", "IMAP S T5 OK done"}},
		{"refused", []string{"IMAP C DONE", "IMAP C T5 UID COPY 1 Nowhere", "IMAP S T5 NO [TRYCREATE] no such mailbox"},
			[]string{"IMAP C T5 UID COPY 1 Nowhere", "IMAP S T5 NO [TRYCREATE] no such mailbox"}},
		{"a download that deletes", []string{"POP3 C RETR 1", "POP3 S +OK", "POP3 S {20 octets}", "POP3 C DELE 1", "POP3 S +OK", "POP3 C RETR 2", "POP3 S -ERR gone"},
			[]string{"POP3 C RETR 1-2, DELE 1; S 4 lines, 34 B", "POP3 S -ERR gone"}},
		{"many expunges", []string{"IMAP S * 2 EXPUNGE", "IMAP S * 1 EXPUNGE"}, []string{"IMAP S * EXPUNGE ×2; S 2 lines, 26 B"}},
	}
	for _, c := range cases {
		m := started().SetLines(append(wrote(0, opens...), wrote(n, c.lines...)...))
		got := panelLines(m, len(c.want))
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestEffectStandsBesideItsLine holds that the delay is read at the line that
// showed the effect, at the smallest usual width.
func TestEffectStandsBesideItsLine(t *testing.T) {
	n := uint64(len(opens))
	lines := append(wrote(0, opens...), wrote(n, "POP3 C QUIT", "POP3 S +OK bye", "IMAP S * 2 EXPUNGE")...)
	v := fake.Updated(fake.Marked(fake.Fresh(), 1))
	v.Happened[len(v.Happened)-1].Line = n + 3
	m := started().SetView(v).SetLines(lines)
	if got := m.View(); !strings.Contains(got, "S * 2 EXPUNGE  ↳ 38 ms after POP3's QUIT") {
		t.Errorf("not beside:\n%s", got)
	}
}

func TestEffectInFewCells(t *testing.T) {
	for text, want := range map[string]string{
		`IMAP heard EXISTS 15 by itself, 10 ms after SMTP's delivery: UID 15 "one, two after: three"`: "↳ 10 ms after SMTP's delivery",
		"IMAP heard EXPUNGE of UID 42, 38 ms after POP3's QUIT":                                       "↳ 38 ms after POP3's QUIT",
		"IMAP heard EXPUNGE of UID 42":                                                                "",
	} {
		if got := effect(&retrieval.Happening{Text: text, CausedBy: 5}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestLinesInPieces holds that it makes no difference how the transcript comes.
func TestLinesInPieces(t *testing.T) {
	all := append(wrote(0, opens...), wrote(uint64(len(opens)), "POP3 C RETR 1", "POP3 S +OK", "IMAP S * 3 EXISTS")...)
	want := New(plain(), fake.Rules{}).SetLines(all)
	one := New(plain(), fake.Rules{})
	for i := range all {
		older, before := one, panelLines(one, 20)
		one = one.SetLines(all[:i+1])
		if !reflect.DeepEqual(panelLines(older, 20), before) {
			t.Fatalf("line %d changed an older model", i)
		}
	}
	if got, want := panelLines(one, 20), panelLines(want, 20); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzScribe holds that no transcript makes it fail, nor hold more than it should.
func FuzzScribe(f *testing.F) {
	f.Add(strings.Join(opens, "\n"))
	f.Add("IMAP S *\nIMAP S * 1\nPOP3 S +\nPOP3 S -ERR\nIMAP C x\nSMTP S 2\nPOP3 C DELE 99999999999999999999")
	f.Fuzz(func(t *testing.T, s string) {
		var lines []string
		for _, l := range strings.Split(s, "\n") {
			if f := strings.SplitN(l, " ", 3); len(f) == 3 && f[1] != "" {
				lines = append(lines, l)
			}
		}
		m := New(plain(), fake.Rules{}).SetSize(80, 24).SetLines(wrote(0, lines...))
		if len(m.wire.runs) > keptRuns {
			t.Errorf("%d runs", len(m.wire.runs))
		}
		m.telling(5, 80)
	})
}
