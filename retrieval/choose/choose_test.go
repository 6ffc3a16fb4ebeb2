package choose

import (
	"strings"
	"testing"

	"imapop/retrieval"
)

func TestCases(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]Answer
		want    Verdict
	}{
		{"nothing said", nil, Undecided},
		{"product notifications", map[string]Answer{"automation": Yes, "devices": No, "shared": No}, UseSMTP},
		{"a shared support mailbox", map[string]Answer{"shared": Yes, "devices": Yes, "folders": Yes}, UseIMAP},
		{"shared, whatever else speaks for POP3", map[string]Answer{"shared": Yes, "offline": Yes, "storage": Yes, "folders": No, "devices": No}, UseIMAP},
		{"a legacy device that polls", map[string]Answer{"legacy": Yes, "devices": No, "shared": No}, UsePOP3},
		{"one person, one machine, on trains", map[string]Answer{"offline": Yes, "devices": No, "storage": Yes}, UsePOP3},
		{"a phone and an office PC", map[string]Answer{"devices": Yes, "storage": No}, UseIMAP},
		{"people and an old device", map[string]Answer{"shared": Yes, "legacy": Yes}, UseBoth},
		{"nothing in particular", map[string]Answer{"devices": No, "storage": No}, UseEither},
	} {
		if got := Weigh(c.answers, Abilities{}); got.Verdict != c.want {
			t.Errorf("%s: %s (%d to %d), want %s", c.name, got.Verdict, got.IMAP, got.POP3, c.want)
		}
	}
}

// TestWeighedOpenly holds that the points are the sum of the reasons that are given.
func TestWeighedOpenly(t *testing.T) {
	a := Weigh(map[string]Answer{"devices": Yes, "offline": Yes, "storage": No, "legacy": No}, Abilities{})
	imap, pop := 0, 0
	for _, r := range a.Reasons {
		if r.For == retrieval.IMAP {
			imap += r.Points
		} else {
			pop += r.Points
		}
	}
	if imap != a.IMAP || pop != a.POP3 || imap != 4 || pop != 2 {
		t.Errorf("reasons give %d to %d, the advice says %d to %d", imap, pop, a.IMAP, a.POP3)
	}
	if len(a.Turns) == 0 || !strings.Contains(strings.Join(a.Turns, "\n"), string(UseBoth)) {
		t.Errorf("what would turn it: %q", a.Turns)
	}
}

func TestServersFacts(t *testing.T) {
	a := Weigh(map[string]Answer{"legacy": Yes}, Abilities{Known: true, POP3: []string{"TOP", "EXPIRE 7"}, IMAP: []string{"IDLE"}})
	text := ""
	for _, f := range a.Server {
		if f.Side == retrieval.IMAP {
			t.Errorf("IMAP's %q is said although POP3 is recommended", f.Text)
		}
		text += f.Text + "\n"
	}
	for _, want := range []string{"has no UIDL", "shows headers", "after 7 days", "no submission endpoint"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in\n%s", want, text)
		}
	}
}
