package compare

import (
	"testing"

	"imapop/retrieval"
)

func TestShortIDShowsWhatDiffers(t *testing.T) {
	cases := []struct {
		name string
		ids  []string
		w    int
		want string // of the second
	}{
		{"UID last (Cyrus, the sandbox)", []string{"1432.41", "1432.42", "1432.43"}, 5, "…2.42"},
		{"UID first (Dovecot)", []string{"00000001555a9601", "00000002555a9601", "00000003555a9601"}, 6, "…0002…"},
		{"fits", []string{"a1", "a2"}, 6, "a2    "},
		{"lengths differ", []string{"msg-1", "message-number-22"}, 6, "…er-22"},
		{"all alike", []string{"duplicate-id", "duplicate-id"}, 6, "…te-id"},
		{"one", []string{"00000001555a9601"}, 6, ""},
	}
	for _, c := range cases {
		entries := make([]retrieval.Entry, len(c.ids))
		for i, id := range c.ids {
			entries[i] = retrieval.Entry{Number: i + 1, UniqueID: id}
		}
		shared := sharedTail(entries)
		if len(c.ids) < 2 {
			if shared != 0 {
				t.Errorf("%s: shared %d", c.name, shared)
			}
			continue
		}
		if got := shortID(c.ids[1], shared, c.w); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
