package fetch

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/local"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// book is a ledger in memory.
type book map[string]local.Record

func (b book) Lookup(id string) (local.Record, bool) { r, ok := b[id]; return r, ok }

func (b book) Settled(id string, listed int64) bool {
	r, ok := b[id]
	return ok && !r.Downloaded.IsZero() && r.Listed == listed && r.State == local.OnServer && r.Missing.IsZero() && r.Removed.IsZero() && !r.Duplicate
}

func (b book) Deletable(id string, listed int64) error {
	r, ok := b[id]
	switch {
	case !ok:
		return &local.RefusedError{UniqueID: id, Err: local.ErrNotHere}
	case r.Duplicate:
		return &local.RefusedError{UniqueID: id, Err: local.ErrDuplicate}
	case r.File == "gone":
		return &local.RefusedError{UniqueID: id, Err: local.ErrFileGone}
	}
	return nil
}

func stored(id string, ago time.Duration, p account.LeaveOnServer) local.Record {
	return local.Record{UniqueID: id, Downloaded: noon.Add(-ago), File: "f", Octets: 100, Listed: 100, Policy: p}
}

func drop(ids ...string) retrieval.Maildrop {
	d := retrieval.Maildrop{HasUIDL: true}
	for i, id := range ids {
		d.Entries = append(d.Entries, retrieval.Entry{Number: i + 1, Octets: 100, UniqueID: id})
	}
	return d
}

var (
	keep      = account.LeaveOnServer{}
	remove    = account.LeaveOnServer{Mode: account.LeaveDelete}
	sevenDays = account.LeaveOnServer{Mode: account.LeaveDays, After: 7 * day}
)

func TestPlan(t *testing.T) {
	b := book{
		"kept": stored("kept", day, keep), "meant": stored("meant", day, remove),
		"old": stored("old", 8*day, sevenDays), "young": stored("young", 6*day, sevenDays),
		"twin":  {UniqueID: "twin", Downloaded: noon, File: "f", Octets: 100, Listed: 100, Policy: remove, Duplicate: true},
		"lost":  {UniqueID: "lost", Downloaded: noon, File: "gone", Octets: 100, Listed: 100, Policy: remove},
		"other": {UniqueID: "other", Downloaded: noon, File: "f", Octets: 70, Listed: 70, Policy: remove}, // another size: another message
	}
	all := []string{"kept", "meant", "old", "young", "new"}
	for _, c := range []struct {
		name  string
		ids   []string
		rules Rules
		gone  []string
		want  string
	}{
		{"keep downloads and deletes nothing", all, Rules{}, nil, "RETR 5 QUIT"},
		{"delete is from now on, and finishes what was meant before", all, Rules{Leave: remove}, nil, "RETR 5 DELE 2 DELE 3 DELE 5 QUIT"},
		{"delete for earlier ones too", all, Rules{Leave: remove, Earlier: true}, nil, "RETR 5 DELE 1 DELE 2 DELE 3 DELE 4 DELE 5 QUIT"},
		{"days count from the download", all, Rules{Leave: sevenDays}, nil, "RETR 5 DELE 2 DELE 3 QUIT"},
		{"days for earlier ones too", all, Rules{Leave: sevenDays, Earlier: true}, nil, "RETR 5 DELE 3 QUIT"},
		{"removed here", all, Rules{Removed: true}, []string{"kept"}, "RETR 5 DELE 1 QUIT"},
		{"removed here without the rule", all, Rules{}, []string{"kept"}, "RETR 5 QUIT"},
		{"duplicates are never deleted", []string{"a", "b", "a"}, Rules{Leave: remove}, nil, "RETR 1 RETR 2 RETR 3 DELE 2 QUIT"},
		{"nor malformed ones", []string{"a b", strings.Repeat("x", 71), "c"}, Rules{Leave: remove}, nil, "RETR 1 RETR 2 RETR 3 DELE 3 QUIT"},
		{"nor what was a duplicate", []string{"twin"}, Rules{Leave: remove, Earlier: true}, nil, "QUIT"},
		{"nor what is no longer in the Maildir", []string{"lost"}, Rules{Leave: remove}, nil, "QUIT"},
		{"a reused unique-id is another message", []string{"other"}, Rules{}, nil, "RETR 1 QUIT"},
		{"headers only", []string{"kept", "new"}, Rules{HeadersOnly: true, Leave: remove}, nil, "TOP 2 0 QUIT"},
		{"a limit", []string{"kept", "new"}, Rules{MaxOctets: 99, Leave: remove}, nil, "TOP 2 0 QUIT"},
		{"on demand, over the limit", []string{"kept", "new", "more"}, Rules{MaxOctets: 99, Only: []string{"new"}}, nil, "RETR 2 QUIT"},
		{"an empty maildrop", nil, Rules{Leave: remove}, nil, "QUIT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := MakePlan(drop(c.ids...), b, c.gone, c.rules, noon)
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
	b := book{"kept": stored("kept", day, keep), "young": stored("young", 6*day, sevenDays)}
	p, err := MakePlan(drop("kept", "young", "new", "x", "x"), b, nil, Rules{Leave: sevenDays}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if p.Listed != 5 || p.Have != 2 || p.Held != 1 || p.Later != 2 || !p.Next.Equal(noon.Add(day)) || p.Octets != 300 {
		t.Errorf("got %+v", p)
	}
	if s := p.Steps[len(p.Steps)-1]; !errors.Is(s.Why, local.ErrDuplicate) {
		t.Errorf("message 5 is left for %v", s.Why)
	}
}

func TestPlanRefuses(t *testing.T) {
	nameless := drop("", "")
	nameless.HasUIDL = false
	for _, leave := range []account.LeaveOnServer{keep, sevenDays} {
		if _, err := MakePlan(nameless, book{}, nil, Rules{Leave: leave}, noon); !errors.Is(err, retrieval.ErrUnsupported) || !strings.Contains(err.Error(), "RFC 1939") {
			t.Errorf("%v without unique-ids: %v", leave, err)
		}
	}
	p, err := MakePlan(nameless, book{}, nil, Rules{Leave: remove}, noon)
	if got := strings.Join(p.Commands(), " "); err != nil || got != "RETR 1 RETR 2 DELE 1 DELE 2 QUIT" {
		t.Errorf("delete without unique-ids: %s, %v", got, err)
	}
	if _, err := MakePlan(drop("a"), book{}, nil, Rules{Only: []string{"b"}}, noon); !errors.Is(err, ErrNotListed) {
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
		b := book{"kept": stored("kept", day, keep), "old": stored("old", 8*day, sevenDays), "m": stored("m", day, remove)}
		d := drop(strings.Split(list, "\n")...)
		d.HasUIDL = uidl
		if !uidl {
			for i := range d.Entries {
				d.Entries[i].UniqueID = ""
			}
		}
		r := Rules{Leave: account.LeaveOnServer{Mode: account.LeaveMode(mode % 3), After: 7 * day}, MaxOctets: limit, Earlier: mode&4 != 0}
		p, err := MakePlan(d, b, nil, r, noon)
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
			if r.Leave.Mode == account.LeaveKeep || uidl && (count[s.UniqueID] > 1 || !local.Trusted(s.UniqueID)) || !s.Retrieve && !here {
				t.Errorf("would delete %+v", s)
			}
		}
		lines := slices.Sorted(slices.Values(p.Commands()))
		if len(slices.Compact(lines)) != len(p.Commands()) {
			t.Errorf("a command comes twice: %v", lines)
		}
	})
}
