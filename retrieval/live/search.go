package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/mime"
	"imapop/retrieval/query"
)

// Search looks for messages on one side. Over IMAP the server is asked, about
// the selected mailbox. POP3 has no search (RFC 1939 section 5 has no such
// command): nothing is sent, and what this device knows is looked through,
// which is less; Found says how much less.
func (d *Desk) Search(ctx context.Context, side retrieval.Protocol, q query.Query) (retrieval.Found, error) {
	ctx, over := d.cancelable(ctx)
	defer over()
	if side == retrieval.POP3 {
		return d.searchHere(ctx, q)
	}
	out := retrieval.Found{Side: retrieval.IMAP, Asked: "UID SEARCH " + q.Command()}
	err := enqueue(ctx, d, d.imap.jobs, func(ctx context.Context, s *imap.Session) error {
		box := s.Mailbox()
		out.Mailbox, out.Valid, out.Of = box.Name, box.UIDValidity, int(box.Messages)
		d.ask(func(b *book) {
			if n := len(b.uids); n > 0 {
				out.Upto = b.uids[n-1]
			}
		})
		before := s.Meter()
		var err error
		out.UIDs, err = s.Search(ctx, q)
		out.Spent = s.Meter().Sub(before)
		return err
	})
	return out, err
}

// readAtMost is how much of a copy is looked through, in octets.
const readAtMost = 8 << 20

// searchHere judges the open list's messages by their headers as they were seen
// and by the copies on this device.
func (d *Desk) searchHere(ctx context.Context, q query.Query) (retrieval.Found, error) {
	out := retrieval.Found{Side: retrieval.POP3}
	var entries []retrieval.Entry
	d.ask(func(b *book) { entries, out.Session = b.pop.Drop.Entries, b.pop.Session })
	out.Of = len(entries)
	_, report, end := d.long(ctx, retrieval.Action{Verb: retrieval.VerbSearch, Side: retrieval.POP3}, "messages")
	defer end()
	for i := range entries {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		e := &entries[i]
		m := query.Message{Octets: e.Octets, Header: e.Header}
		if e.Here {
			signs := e.Copy.Signs()
			m.Signs = &signs
		}
		v := q.Match(m)
		if v == query.Unknown && e.Here && q.NeedsWhole() {
			if i%100 == 99 {
				report("looking through the copies on this device", int64(i+1), int64(out.Of))
			}
			if m.Whole = d.wholeCopy(e.UniqueID); m.Whole != nil {
				out.Copies++
				v = q.Match(m)
			}
		}
		if v != query.Unknown {
			out.Looked++
		}
		if v == query.Yes {
			out.Numbers, out.IDs = append(out.Numbers, e.Number), append(out.IDs, e.UniqueID)
		}
	}
	return out, nil
}

// wholeCopy reads a copy to be searched; nil when it cannot be read, or only in
// part, so that nothing is claimed of it.
func (d *Desk) wholeCopy(id string) *query.Whole {
	c := d.copy()
	if c == nil || id == "" {
		return nil
	}
	f, err := c.OpenMessage(id)
	if err != nil {
		return nil
	}
	defer f.Close()
	octets, err := io.ReadAll(io.LimitReader(f, readAtMost+1))
	if err != nil || len(octets) > readAtMost {
		return nil
	}
	m := mime.Parse(octets)
	address := func(name string) string {
		return m.Header.Text(name) + " " + strings.Join(m.Header.Addresses(name), " ")
	}
	out := &query.Whole{From: address("From"), To: address("To"), Cc: address("Cc"), Subject: m.Header.Text("Subject")}
	var header, text strings.Builder
	for _, f := range m.Header.Fields {
		fmt.Fprintf(&header, "%s: %s\n", f.Name, f.Value)
	}
	for _, b := range m.Document(false).Blocks {
		text.WriteString(b.Markdown)
		for _, l := range b.Lines {
			text.WriteString(l.Text)
			text.WriteByte('\n')
		}
	}
	out.Header, out.Text = header.String(), text.String()
	return out
}

// Arrange asks the IMAP server for the selected mailbox in an order. When the
// server has none, or refuses, the error says so and is ErrUnsupported or
// ErrRefused: then a screen can put in order what it has.
func (d *Desk) Arrange(ctx context.Context, by retrieval.Order) (retrieval.Arranged, error) {
	ctx, over := d.cancelable(ctx)
	defer over()
	out := retrieval.Arranged{Side: retrieval.IMAP, By: by}
	err := enqueue(ctx, d, d.imap.jobs, func(ctx context.Context, s *imap.Session) (err error) {
		box := s.Mailbox()
		out.Mailbox, out.Valid = box.Name, box.UIDValidity
		if by == retrieval.ByThread {
			out.UIDs, out.Depth, out.Asked, err = s.Thread(ctx)
		} else {
			out.UIDs, out.Asked, err = s.Sort(ctx, by)
		}
		return err
	})
	if err != nil && !errors.Is(err, retrieval.ErrUnsupported) && !errors.Is(err, retrieval.ErrRefused) {
		return out, err
	}
	if err != nil {
		out.Why, out.Asked = err.Error(), ""
		return out, err
	}
	return out, nil
}
