package compare

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/query"
	"imapop/retrieval/safe"
	"imapop/ui/internal/field"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// finding is the search that the lists are narrowed to.
type finding struct {
	on     bool // at least one side has answered
	gen    int  // of the latest search; older answers are dropped
	query  query.Query
	open   int // answers that are still to come
	imap   *retrieval.Found
	pop    *retrieval.Found
	failed map[retrieval.Protocol]error
	uids   map[uint32]bool
	ids    map[string]bool // unique-ids
	number map[int]bool    // of messages without one

	later  map[int]bool               // message numbers whose header came since, and matches
	counts map[retrieval.Protocol]int // what each side found of what it still has
	since  int                        // messages that IMAP got later than the search
}

// hit reports whether a side's search found a row.
func (f *finding) hit(side retrieval.Protocol, v *retrieval.View, r *retrieval.Row) bool {
	switch {
	case side == retrieval.IMAP:
		return f.imap != nil && r.UID != 0 && f.uids[r.UID]
	case f.pop == nil || r.Entry == nil:
		return false
	case f.later[r.Number]:
		return true
	case r.Entry.UniqueID != "":
		return f.ids[r.Entry.UniqueID]
	}
	return f.number[r.Number] && v.POP3.Session == f.pop.Session
}

// counted counts anew, once for each view: a frame must not look through 100,000 rows.
func (f finding) counted(v *retrieval.View) finding {
	f.counts, f.since, f.later = map[retrieval.Protocol]int{}, 0, map[int]bool{}
	for i := range v.Rows {
		r := &v.Rows[i]
		if f.seenSince(v, r) {
			f.later[r.Number] = true
		}
		for _, side := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
			if f.hit(side, v, r) {
				f.counts[side]++
			}
		}
		if f.imap != nil && r.UID > f.imap.Upto {
			f.since++
		}
	}
	return f
}

// seenSince reports whether a message that IMAP found matches over POP3 too, by a
// header that came only now: what is found is loaded, and shows it.
func (f *finding) seenSince(v *retrieval.View, r *retrieval.Row) bool {
	if f.pop == nil || r.Entry == nil || r.Entry.Header == nil || !f.hit(retrieval.IMAP, v, r) || f.hit(retrieval.POP3, v, r) {
		return false
	}
	m := query.Message{Octets: r.Entry.Octets, Header: r.Entry.Header}
	if r.Entry.Here {
		signs := r.Entry.Copy.Signs()
		m.Signs = &signs
	}
	return f.query.Match(m) == query.Yes
}

// Found brings what one side found.
func (m Model) Found(gen int, f retrieval.Found, err error) Model {
	if gen != m.search.gen {
		return m
	}
	m.search.open--
	switch {
	case err != nil:
		was := m.search.failed
		m.search.failed = map[retrieval.Protocol]error{f.Side: err}
		for side, e := range was {
			m.search.failed[side] = e
		}
	case f.Side == retrieval.IMAP:
		m.search.imap, m.search.uids, m.search.on = &f, make(map[uint32]bool, len(f.UIDs)), true
		for _, u := range f.UIDs {
			m.search.uids[u] = true
		}
	default:
		m.search.pop, m.search.on = &f, true
		m.search.ids, m.search.number = make(map[string]bool, len(f.IDs)), map[int]bool{}
		for i, id := range f.IDs {
			if id == "" {
				m.search.number[f.Numbers[i]] = true
			} else {
				m.search.ids[id] = true
			}
		}
	}
	m = m.rearranged(true)
	if m.search.open <= 0 {
		m = m.foundText()
	}
	return m.chosenAnew()
}

// foundText says what each side was asked and what it can know.
func (m Model) foundText() Model {
	pen := plainly
	imap := "IMAP was not searched"
	if f := m.search.imap; f != nil {
		n := m.search.counts[retrieval.IMAP]
		imap = fmt.Sprintf("IMAP asked its server (%s; %s, %s): %d of %d", f.Asked, retrieval.Octets(f.Spent.In+f.Spent.Out), plural(f.Spent.Turnarounds, "round trip"), n, f.Of)
	} else if err := m.search.failed[retrieval.IMAP]; err != nil {
		imap, pen = err.Error(), warning
	}
	pop := "POP3 was not searched"
	if f := m.search.pop; f != nil {
		n := m.search.counts[retrieval.POP3]
		pop = fmt.Sprintf("over POP3 only what is on this device: %d found, %d of %s looked at; RFC 1939 has no search", n, f.Looked, plural(f.Of, "message"))
	} else if err := m.search.failed[retrieval.POP3]; err != nil {
		pop, pen = err.Error(), warning
	}
	return m.say(pen, "%s · %s · esc shows all", imap, pop)
}

// searchPanel asks what to look for.
type searchPanel struct {
	text field.Field
	err  error // of what was entered
}

func (m Model) openSearch() Model {
	m.predict = false
	m.panel = searchPanel{text: field.New(m.search.query.Typed, 500, nil)}
	return m
}

func (searchPanel) title() string       { return "search" }
func (searchPanel) hint() string        { return "enter searches both sides · esc no; empty shows all" }
func (p searchPanel) heard(Model) panel { return p }

func (p searchPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	t.typed("look for: ", p.text)
	q, err := query.Parse(p.text.Text(), m.now)
	switch {
	case p.err != nil && err != nil:
		t.para("", m.st.Danger, safe.Line(err.Error()), 2)
	case err != nil:
		t.para("", m.st.Muted, safe.Line(err.Error()), 2)
	default:
		t.para("IMAP  ", m.st.Text, "the server is asked: UID SEARCH "+safe.Line(q.Command()), 2)
	}
	headers, copies := m.known()
	t.para("POP3  ", m.st.Text, fmt.Sprintf("nothing is asked, RFC 1939 has no search: this device looks through %s and %s it has, of %s",
		plural(copies, "whole message"), plural(headers, "header"), plural(len(m.full.POP3.Drop.Entries), "message")), 2)
	t.para("      ", m.st.Muted, query.Help, 3)
	return t.out
}

// known counts what this device has of the POP3 list: headers alone, and copies.
func (m Model) known() (headers, copies int) {
	for i := range m.full.POP3.Drop.Entries {
		switch e := &m.full.POP3.Drop.Entries[i]; {
		case e.Here:
			copies++
		case e.Header != nil:
			headers++
		}
	}
	return headers, copies
}

func (p searchPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, enterKey):
		q, err := query.Parse(p.text.Text(), m.now)
		if err != nil {
			p.err = err
			m.panel = p
			return m, nil
		}
		m.panel = nil
		if len(q.Terms) == 0 {
			return m.unsearched(), nil
		}
		m.search = finding{gen: m.search.gen + 1, query: q, open: 2}
		return m.rearranged(true).say(plainly, "searching: %s", q.Command()), []wish.Wish{wish.Search{Query: q, Gen: m.search.gen}}
	case k.Type == tea.KeyEsc, k.Type == tea.KeyCtrlC:
		m.panel = nil
		return m, nil
	}
	p.text, p.err = p.text.Press(k), nil
	m.panel = p
	return m, nil
}

// unsearched shows all messages again.
func (m Model) unsearched() Model {
	m.search = finding{gen: m.search.gen + 1}
	return m.rearranged(true)
}

// searchPiece says in a pane's edge what the side found.
func (m Model) searchPiece(side retrieval.Protocol) []style.Piece {
	if !m.search.on {
		return nil
	}
	if m.search.failed[side] != nil {
		return []style.Piece{{Text: "search failed", Pen: m.st.Warn}}
	}
	f := m.search.imap
	if side == retrieval.POP3 {
		f = m.search.pop
	}
	if f == nil {
		return []style.Piece{{Text: "searching", Pen: m.st.Muted}}
	}
	n, since := m.search.counts[side], 0
	if side == retrieval.IMAP {
		since = m.search.since
	}
	out := []style.Piece{{Text: fmt.Sprintf("%d found", n), Pen: m.st.Changed}}
	if side == retrieval.POP3 {
		out[0].Text += fmt.Sprintf(" in %d of %d", f.Looked+len(m.search.later), f.Of)
	}
	if since > 0 {
		out = append(out, style.Piece{Text: fmt.Sprintf(" · %d came since (/)", since), Pen: m.st.Warn})
	}
	return out
}
