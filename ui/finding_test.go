package ui

import (
	"context"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// keys types and takes in what comes of it.
func keys(a app, text string, end ...tea.KeyType) app {
	send := func(k tea.KeyMsg) {
		var cmd tea.Cmd
		a, cmd = drive(a, k)
		for _, msg := range results(cmd) {
			a, _ = drive(a, msg)
		}
	}
	for _, r := range text {
		send(typed(string(r)))
	}
	for _, k := range end {
		send(tea.KeyMsg{Type: k})
	}
	return a
}

// TestSearchAsksBothSides follows a search to the desk and back, and an order
// that the server does not have.
func TestSearchAsksBothSides(t *testing.T) {
	d := fake.NewDesk()
	a := keys(opened(t.Context(), d), "/unseen", tea.KeyEnter)
	if got := slices.Sorted(slices.Values(d.Asked())); !slices.Equal(got, []string{"IMAP UNSEEN", "POP3 UNSEEN"}) {
		t.Errorf("asked: %v", got)
	}
	v := a.View()
	for _, part := range []string{"1 found · row 1 of 1", "1 found in 6 of 12", "RFC 1939 has no search"} {
		if !strings.Contains(v, part) {
			t.Errorf("%q is not shown:\n%s", part, v)
		}
	}
	if rows := a.compare.Current().Rows; len(rows) != 1 || rows[0].UID != 46 {
		t.Errorf("%+v", rows)
	}
	a = keys(keys(a, "", tea.KeyEsc), "SS")
	if !strings.Contains(a.View(), "no SORT on this server (RFC 5256)") {
		t.Errorf("not said:\n%s", a.View())
	}
}

// TestADeskThatCannotSearchSaysSo holds that the screen needs no Finder.
func TestADeskThatCannotSearchSaysSo(t *testing.T) {
	type plain struct{ Desk } // only the methods of a Desk
	for _, side := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
		a := app{device: device{desk: plain{fake.NewDesk()}}, ctx: context.Background()}
		f, _ := a.desk.(Finder)
		msg := searchCmd(a.ctx, f, side, wish.Search{})().(foundMsg)
		if msg.err == nil || msg.found.Side != side {
			t.Errorf("%+v", msg)
		}
	}
}
