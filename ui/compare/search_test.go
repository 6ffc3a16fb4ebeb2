package compare

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// TestSearch follows a text from the key to the selection.
func TestSearch(t *testing.T) {
	fresh := fake.Fresh()
	m, wishes := press(open(fresh, 120, 36), "tab", "/", "a", "b", "enter")
	if want := []wish.Wish{wish.Search{Side: retrieval.POP3, Text: "ab"}}; !reflect.DeepEqual(wishes, want) {
		t.Fatalf("got %+v", wishes)
	}
	if _, wishes := press(open(fresh, 120, 36), "/", "a", "esc"); len(wishes) > 0 {
		t.Errorf("esc searches: %+v", wishes)
	}
	if _, wishes := press(open(fresh, 120, 36), "/", "enter"); len(wishes) > 0 {
		t.Errorf("nothing is searched for: %+v", wishes)
	}
	first, last := fresh.Rows[0].Number, fresh.Rows[3].Number
	m = m.Found(retrieval.Found{Side: retrieval.POP3, Text: "ab", Numbers: []int{last, first}, Headers: 12, Copies: 1}, nil)
	if len(m.selected) != 2 || m.cursor != 3 || !strings.Contains(m.View(), "12 headers and 1 copy, 2 messages have") {
		t.Errorf("%d selected, row %d:\n%s", len(m.selected), m.cursor, m.View())
	}
	none := m.Found(retrieval.Found{Side: retrieval.POP3, Text: "ab"}, nil)
	if len(none.selected) != 2 || !strings.Contains(none.View(), "0 messages have") {
		t.Errorf("nothing found changes the selection:\n%s", none.View())
	}
	if v := m.Found(retrieval.Found{}, errors.New("imap: search: no")).View(); !strings.Contains(v, "imap: search: no") {
		t.Errorf("the error is not shown:\n%s", v)
	}
}
