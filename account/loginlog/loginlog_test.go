package loginlog

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/account"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func entry(name string, at time.Time) account.FailedLogin {
	return account.FailedLogin{At: at, Account: name, Protocol: "IMAP", Endpoint: "mail.example:993", Mechanism: "PLAIN", Code: "AUTHENTICATIONFAILED"}
}

func TestNewestFirstAndPrivate(t *testing.T) {
	l := At(filepath.Join(t.TempDir(), "state", "imapop", "failed-logins.jsonl"))
	if got, err := l.Of("work", 0); err != nil || got == nil || len(got) != 0 {
		t.Errorf("without a file: %v, %v", got, err)
	}
	for i, name := range []string{"work", "home", "work"} {
		if err := l.Add(entry(name, noon.Add(time.Duration(i)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Of("work", 0)
	if err != nil || len(got) != 2 || !got[0].At.After(got[1].At) || got[0] != entry("work", noon.Add(2*time.Minute)) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, _ := l.Of("work", 1); len(got) != 1 {
		t.Errorf("at most one: %v", got)
	}
	for path, want := range map[string]os.FileMode{l.Path(): 0o600, filepath.Dir(l.Path()): 0o700} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
}

// TestBounded holds size and age, and that a file with too wide permissions is narrowed.
func TestBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := At(path)
	var b strings.Builder
	b.WriteString("not JSON\n{\"at\":\"nonsense\"}\n" + strings.Repeat("x", 100_000) + "\n")
	os.WriteFile(path, []byte(b.String()), 0o644)
	if err := l.Add(entry("work", noon.Add(-91*24*time.Hour))); err != nil {
		t.Fatal(err)
	}
	for i := range 1100 {
		if i == 0 || i > 1090 { // the file is made long at once, not by adding a thousand times
			if err := l.Add(entry("work", noon.Add(time.Duration(i)*time.Second))); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if i == 1 {
			line, _ := os.ReadFile(path)
			os.WriteFile(path, []byte(strings.Repeat(string(line), 1090)), 0o644)
		}
	}
	got, err := l.Of("work", 0)
	if err != nil || len(got) != maxLines {
		t.Errorf("%d entries, %v", len(got), err)
	}
	for _, e := range got {
		if e.At.Before(noon) {
			t.Errorf("an entry of %v is still there", e.At)
		}
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 || st.Size() > maxFile {
		t.Errorf("%v, %d octets", st.Mode(), st.Size())
	}
}

func TestManyWriters(t *testing.T) {
	l := At(filepath.Join(t.TempDir(), "log"))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := l.Add(entry("work", noon.Add(time.Duration(i)*time.Second))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := l.Of("work", 0); err != nil || len(got) != 20 {
		t.Errorf("%d entries, %v", len(got), err)
	}
}
