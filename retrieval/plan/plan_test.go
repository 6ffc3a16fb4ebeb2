package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// book is what this device knows, in memory.
type book map[string]retrieval.LocalCopy

func (b book) Copy(e *retrieval.Entry) (retrieval.LocalCopy, bool) {
	c, ok := b[e.UniqueID]
	return c, ok
}

func (b book) Settled(e *retrieval.Entry) bool {
	c, ok := b[e.UniqueID]
	return ok && c.Listed == e.Octets && c.Stays == nil && !c.Removed
}

func (b book) Stays(e *retrieval.Entry) error { return b[e.UniqueID].Stays }

func stored(ago time.Duration, p account.LeaveOnServer) retrieval.LocalCopy {
	return retrieval.LocalCopy{Downloaded: noon.Add(-ago), Listed: 100, Leave: p}
}

func drop(ids ...string) retrieval.Maildrop {
	d := retrieval.Maildrop{HasUIDL: true}
	for i, id := range ids {
		d.Entries = append(d.Entries, retrieval.Entry{Number: i + 1, Octets: 100, UniqueID: id})
	}
	return d
}

var (
	keep         = account.LeaveOnServer{}
	remove       = account.LeaveOnServer{Mode: account.LeaveDelete}
	untilRemoved = account.LeaveOnServer{Mode: account.LeaveRemoved}
	sevenDays    = account.LeaveOnServer{Mode: account.LeaveDays, After: 7 * day}
)

func TestPlan(t *testing.T) {
	b := book{
		"kept": stored(day, keep), "meant": stored(day, remove),
		"old": stored(8*day, sevenDays), "young": stored(6*day, sevenDays),
		"twin":  {Downloaded: noon, Listed: 100, Leave: remove, Stays: ErrDuplicate},
		"lost":  {Downloaded: noon, Listed: 100, Leave: remove, Stays: ErrFileGone},
		"other": {Downloaded: noon, Listed: 70, Leave: remove}, // another size: another message
		// Removed from this device, under a policy that waits for it, and under another.
		"removed": {Downloaded: noon, Listed: 100, Leave: untilRemoved, Removed: true, Stays: ErrFileGone},
		"tidied":  {Downloaded: noon, Listed: 100, Leave: keep, Removed: true, Stays: ErrFileGone},
		"still":   stored(day, untilRemoved),
	}
	all := []string{"kept", "meant", "old", "young", "new"}
	for _, c := range []struct {
		name  string
		ids   []string
		rules Rules
		want  string
	}{
		{"keep downloads and deletes nothing", all, Rules{}, "RETR 5 QUIT"},
		{"delete is from now on, and finishes what was meant before", all, Rules{Leave: remove}, "RETR 5 DELE 2 DELE 3 DELE 5 QUIT"},
		{"delete for earlier ones too", all, Rules{Leave: remove, Earlier: true}, "RETR 5 DELE 1 DELE 2 DELE 3 DELE 4 DELE 5 QUIT"},
		{"days count from the download", all, Rules{Leave: sevenDays}, "RETR 5 DELE 2 DELE 3 QUIT"},
		{"days for earlier ones too", all, Rules{Leave: sevenDays, Earlier: true}, "RETR 5 DELE 3 QUIT"},
		{"removed here", []string{"tidied", "removed", "still"}, Rules{Removed: true}, "DELE 1 DELE 2 QUIT"},
		{"removed here without the rule", []string{"tidied", "removed", "still"}, Rules{}, "QUIT"},
		{"until removed is from now on", []string{"tidied", "removed", "still", "new"}, Rules{Leave: untilRemoved}, "RETR 4 DELE 2 QUIT"},
		{"until removed for earlier ones too", []string{"tidied", "removed", "still"}, Rules{Leave: untilRemoved, Earlier: true}, "DELE 1 DELE 2 QUIT"},
		{"until removed keeps its word under another policy", []string{"tidied", "removed", "still"}, Rules{Leave: sevenDays}, "DELE 2 QUIT"},
		{"chosen by number", []string{"kept", "new", "meant", "more"}, Rules{Leave: remove, Numbers: []int{3, 2, 2}, MaxOctets: 1}, "RETR 2 DELE 2 DELE 3 QUIT"},
		{"chosen again, after its copy was removed", []string{"tidied", "removed"}, Rules{Leave: untilRemoved, Numbers: []int{1, 2}}, "RETR 1 RETR 2 QUIT"},
		{"by name again", []string{"tidied", "removed"}, Rules{Only: []string{"tidied"}}, "RETR 1 QUIT"},
		{"chosen, though only headers are wanted", []string{"new", "more"}, Rules{HeadersOnly: true, Numbers: []int{1}}, "RETR 1 QUIT"},
		{"duplicates are never deleted", []string{"a", "b", "a"}, Rules{Leave: remove}, "RETR 1 RETR 2 RETR 3 DELE 2 QUIT"},
		{"nor malformed ones", []string{"a b", strings.Repeat("x", 71), "c"}, Rules{Leave: remove}, "RETR 1 RETR 2 RETR 3 DELE 3 QUIT"},
		{"nor what was a duplicate", []string{"twin"}, Rules{Leave: remove, Earlier: true}, "QUIT"},
		{"nor what is no longer in the Maildir", []string{"lost"}, Rules{Leave: remove}, "QUIT"},
		{"a reused unique-id is another message", []string{"other"}, Rules{}, "RETR 1 QUIT"},
		{"headers only", []string{"kept", "new"}, Rules{HeadersOnly: true, Leave: remove}, "TOP 2 0 QUIT"},
		{"a limit", []string{"kept", "new"}, Rules{MaxOctets: 99, Leave: remove}, "TOP 2 0 QUIT"},
		{"on demand, over the limit", []string{"kept", "new", "more"}, Rules{MaxOctets: 99, Only: []string{"new"}}, "RETR 2 QUIT"},
		{"an empty maildrop", nil, Rules{Leave: remove}, "QUIT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Make(drop(c.ids...), b, c.rules, noon)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(p.Commands(), " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPlanCountsAndReasons(t *testing.T) {
	b := book{"kept": stored(day, keep), "young": stored(6*day, sevenDays)}
	p, err := Make(drop("kept", "young", "new", "x", "x"), b, Rules{Leave: sevenDays}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if p.Listed != 5 || p.Have != 2 || p.Held != 1 || p.Later != 2 || !p.Next.Equal(noon.Add(day)) || p.Octets != 300 {
		t.Errorf("got %+v", p)
	}
	if s := p.Steps[len(p.Steps)-1]; !errors.Is(s.Why, ErrDuplicate) {
		t.Errorf("message 5 is left for %v", s.Why)
	}
}

func TestPlanRefuses(t *testing.T) {
	nameless := drop("", "")
	nameless.HasUIDL = false
	for _, leave := range []account.LeaveOnServer{keep, sevenDays} {
		if _, err := Make(nameless, book{}, Rules{Leave: leave}, noon); !errors.Is(err, retrieval.ErrUnsupported) || !strings.Contains(err.Error(), "RFC 1939") {
			t.Errorf("%v without unique-ids: %v", leave, err)
		}
	}
	p, err := Make(nameless, book{}, Rules{Leave: remove}, noon)
	if got := strings.Join(p.Commands(), " "); err != nil || got != "RETR 1 RETR 2 DELE 1 DELE 2 QUIT" {
		t.Errorf("delete without unique-ids: %s, %v", got, err)
	}
	if _, err := Make(drop("a"), book{}, Rules{Only: []string{"b"}}, noon); !errors.Is(err, ErrNotListed) {
		t.Errorf("an unknown unique-id: %v", err)
	}
}

// FuzzPlan holds, for any list of unique-ids, that every message to be deleted
// has a unique-id that is permitted and names it alone, and has a copy or gets
// one; and that no command comes twice.
func FuzzPlan(f *testing.F) {
	f.Add("a\nb\na\nkept\n", byte(1), int64(0), true)
	f.Add("kept\nold\n\x00\n \n", byte(2), int64(50), true)
	f.Add("\n\n\n", byte(1), int64(0), false)
	f.Fuzz(func(t *testing.T, list string, mode byte, limit int64, uidl bool) {
		b := book{"kept": stored(day, keep), "old": stored(8*day, sevenDays), "m": stored(day, remove)}
		d := drop(strings.Split(list, "\n")...)
		d.HasUIDL = uidl
		if !uidl {
			for i := range d.Entries {
				d.Entries[i].UniqueID = ""
			}
		}
		r := Rules{Leave: account.LeaveOnServer{Mode: account.LeaveMode(mode % 4), After: 7 * day}, MaxOctets: limit, Earlier: mode&4 != 0}
		p, err := Make(d, b, r, noon)
		if err != nil {
			return
		}
		count := map[string]int{}
		for i := range d.Entries {
			count[d.Entries[i].UniqueID]++
		}
		for _, s := range p.Steps {
			_, here := b[s.UniqueID]
			if !s.Delete {
				continue
			}
			if r.Leave.Mode == account.LeaveKeep || uidl && (count[s.UniqueID] > 1 || !Trusted(s.UniqueID)) || !s.Retrieve && !here {
				t.Errorf("would delete %+v", s)
			}
		}
		lines := slices.Sorted(slices.Values(p.Commands()))
		if len(slices.Compact(lines)) != len(p.Commands()) {
			t.Errorf("a command comes twice: %v", lines)
		}
	})
}

func ExamplePlan_Commands() {
	p, _ := Make(drop("one", "two"), book{"one": stored(day, remove)}, Rules{Leave: remove}, noon)
	fmt.Println(strings.Join(p.Commands(), "\n"))
	// Output:
	// RETR 2
	// DELE 1
	// DELE 2
	// QUIT
}
