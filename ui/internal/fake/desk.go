package fake

import (
	"context"
	"sync"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/retrieval/query"
)

// Desk hands out views and remembers what was asked. Safe from any goroutine.
// Make it with NewDesk.
type Desk struct {
	views chan *retrieval.View
	bell  chan struct{}

	mu       sync.Mutex
	lines    []retrieval.Line
	done     []retrieval.Action
	wanted   [][]retrieval.Row
	asked    []string
	canceled int
	closed   bool
	switches []retrieval.Switch

	// Answer decides what Do returns; nil: nil at once. It may block on ctx.
	Answer func(ctx context.Context, a retrieval.Action) error
	// Mail is the message that is read.
	Mail []byte
}

// NewDesk makes a desk with the fresh transcript and two policies.
func NewDesk() *Desk {
	return &Desk{
		views: make(chan *retrieval.View, 1), bell: make(chan struct{}, 1), lines: Lines(),
		Mail: []byte("From: Ada Lovelace <ada@demo>\r\nTo: alice@demo\r\nSubject: Notes on the Engine\r\n\r\nThe Engine weaves algebraical patterns.\r\n"),
		switches: []retrieval.Switch{
			{Name: "retr-sets-seen", Value: "no", Default: "no", About: "RETR sets \\Seen for IMAP, as Courier does", Values: []string{"no", "yes"}},
			{Name: "pop3-delete", Value: "expunge", Default: "expunge", About: "what a POP3 deletion does", Values: []string{"expunge", "trash"}},
		},
	}
}

// Show publishes a view; an older one that nobody took is dropped.
func (d *Desk) Show(v *retrieval.View) {
	select {
	case <-d.views:
	default:
	}
	d.views <- v
}

// Updates is ui.Desk's.
func (d *Desk) Updates() <-chan *retrieval.View { return d.views }

// Lines is ui.Desk's.
func (d *Desk) Lines(after uint64, max int) []retrieval.Line {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []retrieval.Line
	for _, l := range d.lines {
		if l.Seq > after && (max == 0 || len(out) < max) {
			out = append(out, l)
		}
	}
	return out
}

// LinesChanged is ui.Desk's.
func (d *Desk) LinesChanged() <-chan struct{} { return d.bell }

// Do is ui.Desk's.
func (d *Desk) Do(ctx context.Context, a retrieval.Action) error {
	d.mu.Lock()
	d.done = append(d.done, a)
	answer := d.Answer
	d.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(ctx, a)
}

// Done returns what was asked of Do so far.
func (d *Desk) Done() []retrieval.Action {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]retrieval.Action(nil), d.done...)
}

// Cancel is ui.Desk's.
func (d *Desk) Cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.canceled++
}

// Canceled counts the calls of Cancel.
func (d *Desk) Canceled() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.canceled
}

// Want is ui.Desk's.
func (d *Desk) Want(rows []retrieval.Row) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = append(d.wanted, rows)
}

// Wanted returns the rows of each call of Want.
func (d *Desk) Wanted() [][]retrieval.Row {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([][]retrieval.Row(nil), d.wanted...)
}

// Octets is ui.Originals'.
func (d *Desk) Octets(context.Context, retrieval.Action) ([]byte, error) {
	return d.Mail, nil
}

// Message is ui.Mail's.
func (d *Desk) Message(context.Context, retrieval.Action, bool) (*mime.Message, retrieval.Costs, error) {
	return mime.Parse(d.Mail), retrieval.Costs{}, nil
}

// Text is ui.Mail's; nothing is ever missing.
func (d *Desk) Text(context.Context, retrieval.Action, []mime.Wanted) ([]mime.Body, retrieval.Costs, error) {
	return nil, retrieval.Costs{}, nil
}

// Part is ui.Mail's.
func (d *Desk) Part(_ context.Context, _ retrieval.Action, p mime.Wanted) ([]byte, retrieval.Costs, error) {
	return mime.Parse(d.Mail).Find(p.Number).Body(), retrieval.Costs{}, nil
}

// Source is ui.Mail's.
func (d *Desk) Source(context.Context, retrieval.Action, int64) ([]byte, retrieval.Costs, error) {
	return d.Mail, retrieval.Costs{}, nil
}

// Search is ui.Finder's: each side finds the message in the middle of the fresh
// account, and over POP3 half of it is looked at.
func (d *Desk) Search(_ context.Context, side retrieval.Protocol, q query.Query) (retrieval.Found, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, string(side)+" "+q.Command())
	if side == retrieval.POP3 {
		return retrieval.Found{Side: side, Numbers: []int{6}, IDs: []string{UniqueID(46)}, Session: 1, Looked: 6, Of: 12}, nil
	}
	return retrieval.Found{Side: side, Asked: "UID SEARCH " + q.Command(), Mailbox: "INBOX", Valid: validity, UIDs: []uint32{46}, Upto: 52, Of: 12}, nil
}

// Arrange is ui.Finder's; this server has no order but its own.
func (d *Desk) Arrange(_ context.Context, by retrieval.Order) (retrieval.Arranged, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, string(by))
	return retrieval.Arranged{Side: retrieval.IMAP, By: by}, &retrieval.UnsupportedError{Protocol: retrieval.IMAP, What: "SORT on this server", Source: "RFC 5256"}
}

// Asked returns what was searched for and sorted by.
func (d *Desk) Asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.asked...)
}

// SaveTranscript is ui.Desk's; it writes nothing.
func (d *Desk) SaveTranscript(path string) (string, error) {
	if path == "" {
		path = "imapop-transcript.txt"
	}
	return path, nil
}

// Switches is ui.Desk's.
func (d *Desk) Switches() []retrieval.Switch {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]retrieval.Switch(nil), d.switches...)
}

// Flip is ui.Desk's.
func (d *Desk) Flip(name, value string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.switches {
		if d.switches[i].Name == name {
			d.switches[i].Value = value
		}
	}
	return nil
}

// Close is ui.Desk's.
func (d *Desk) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.closed = true
		close(d.views)
	}
}
