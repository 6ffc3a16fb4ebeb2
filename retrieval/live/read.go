package live

import (
	"context"
	"errors"
	"fmt"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/mime"
)

const (
	// textAtOnce is how much of one text part is fetched to be read, in octets: a
	// log of 100 MB is read by its beginning.
	textAtOnce = 512 << 10
	// sourceAtOnce is how much of a message is fetched to be shown as it came.
	sourceAtOnce = 256 << 10
	// wholeAtMost is how large a message may be that is fetched whole because its
	// structure says nothing.
	wholeAtMost = 1 << 20
)

// Message opens one message to be read. Over IMAP only what is read is fetched:
// header and structure, then the text. Over POP3 it is all of it, by RETR, or
// the local copy: the protocol has no parts (RFC 1939 section 5). html says
// which of two alternatives is wanted. When the Action names the message on both
// sides, the costs of both are told.
func (d *Desk) Message(ctx context.Context, a retrieval.Action, html bool) (*mime.Message, retrieval.Costs, error) {
	if a.Side == retrieval.POP3 {
		return d.messageByPOP(ctx, a)
	}
	var m *mime.Message
	costs, err := d.readIMAP(ctx, a, "reading", func(ctx context.Context, s *imap.Session, report func(done, total int64)) (err error) {
		m, err = d.structured(ctx, s, a, report)
		if err == nil {
			err = loadText(ctx, s, a.UIDs[0], m, html, report)
		}
		return err
	})
	if err != nil {
		return nil, costs, err
	}
	m.Document(html) // its HTML is made into text here, and not while a screen waits
	return m, costs, nil
}

// messageByPOP reads a whole message.
func (d *Desk) messageByPOP(ctx context.Context, a retrieval.Action) (*mime.Message, retrieval.Costs, error) {
	ctx, over := d.cancelable(ctx)
	defer over()
	d.ask(func(b *book) { d.actions++; b.action = d.actions })
	octets, spent, err := d.popOctets(ctx, a)
	costs := d.spent(a, spent, err == nil)
	if err != nil {
		return nil, costs, err
	}
	m := mime.Parse(octets)
	m.Document(true) // as above
	return m, costs, nil
}

// structured asks for the structure. Where that says nothing, is refused or once
// ended the connection, the whole message is fetched and read here.
func (d *Desk) structured(ctx context.Context, s *imap.Session, a retrieval.Action, report func(done, total int64)) (*mime.Message, error) {
	uid, key := a.UIDs[0], costKey(retrieval.IMAP, a, s.Mailbox())
	var why string
	if d.oddStructure(key) {
		why = "this server's account of its structure cannot be read"
	} else {
		m, err := s.Structure(ctx, uid)
		listed := d.listedOctets(uid)
		switch {
		case err == nil && listed != 0 && m.Octets >= 0 && m.Octets != listed:
			return nil, d.madeUp(uid, m.Octets)
		case err == nil && !empty(m):
			return m, nil
		case err == nil:
			why = "the server finds no text in it"
		case errors.Is(err, retrieval.ErrProtocol), errors.Is(err, retrieval.ErrTooMuch):
			d.setOddStructure(key)
			return nil, fmt.Errorf("%w; open it once more, and it is fetched whole", err)
		case errors.Is(err, retrieval.ErrRefused):
			why = "the server does not tell its structure"
		default:
			return nil, err
		}
	}
	buf := &bounded{}
	if _, err := s.Fetch(ctx, uid, true, buf, report); err != nil {
		return nil, err
	}
	m := mime.Parse(buf.Bytes())
	m.Notes = append(m.Notes, "fetched whole: "+why)
	return m, nil
}

// empty reports whether a structure has no octets though the message has some
// that its header does not explain: the server reads it in another way than a
// person would. Such are small enough to be fetched whole.
func empty(m *mime.Message) bool {
	var octets int64
	m.Root.Walk(func(p *mime.Part, _ int) {
		if len(p.Children) == 0 {
			octets += p.Octets
		}
	})
	header := int64(0)
	for _, f := range m.Header.Fields {
		header += int64(len(f.Name) + len(f.Value) + 4)
	}
	return octets == 0 && m.Octets > header+2 && m.Octets <= wholeAtMost && len(m.Notes) > 0
}

// loadText fetches the parts that the document needs.
func loadText(ctx context.Context, s *imap.Session, uid uint32, m *mime.Message, html bool, report func(done, total int64)) error {
	for _, p := range m.Document(html).Missing {
		octets, cut, err := textOf(ctx, s, uid, p.Number, p.Octets, report)
		if err != nil {
			return err
		}
		p.SetBody(octets, cut)
		if n := int64(len(octets)); !cut && n != p.Octets {
			m.Notes = append(m.Notes, fmt.Sprintf("part %s: the server announced %d octets and sent %d", p.Number, p.Octets, n))
		}
	}
	return nil
}

func textOf(ctx context.Context, s *imap.Session, uid uint32, number string, total int64, report func(done, total int64)) (octets []byte, cut bool, err error) {
	if total == 0 {
		return nil, false, nil
	}
	octets, err = s.Part(ctx, uid, number, total, textAtOnce, report)
	return octets, total > textAtOnce && int64(len(octets)) >= textAtOnce, err
}

// Text brings the bodies of parts that a document still needs: the other of two
// alternatives, mostly. Parts are named by number.
func (d *Desk) Text(ctx context.Context, a retrieval.Action, parts []mime.Wanted) ([]mime.Body, retrieval.Costs, error) {
	var out []mime.Body
	costs, err := d.readIMAP(ctx, a, "reading", func(ctx context.Context, s *imap.Session, report func(done, total int64)) error {
		for _, p := range parts {
			octets, cut, err := textOf(ctx, s, a.UIDs[0], p.Number, p.Octets, report)
			if err != nil {
				return err
			}
			out = append(out, mime.Body{Number: p.Number, Octets: octets, Cut: cut})
		}
		return nil
	})
	return out, costs, err
}

// Part brings one part's whole body, as transferred, over IMAP. It shows its
// progress and can be stopped.
func (d *Desk) Part(ctx context.Context, a retrieval.Action, part mime.Wanted) ([]byte, retrieval.Costs, error) {
	if part.Octets > readable {
		return nil, retrieval.Costs{}, fmt.Errorf("part %s is larger than %s: %w", part.Number, retrieval.Octets(readable), retrieval.ErrTooMuch)
	}
	var octets []byte
	costs, err := d.readIMAP(ctx, a, "part "+part.Number, func(ctx context.Context, s *imap.Session, report func(done, total int64)) (err error) {
		if part.Octets > 0 {
			octets, err = s.Part(ctx, a.UIDs[0], part.Number, part.Octets, 0, report)
		}
		return err
	})
	if err == nil && int64(len(octets)) < part.Octets {
		err = &retrieval.OpError{Protocol: retrieval.IMAP, Op: "fetch part " + part.Number, Err: retrieval.ErrProtocol,
			Text: fmt.Sprintf("the server announced %d octets and sent %d", part.Octets, len(octets))}
	}
	return octets, costs, err
}

// Source brings the beginning of a message as it came, over IMAP.
func (d *Desk) Source(ctx context.Context, a retrieval.Action, total int64) ([]byte, retrieval.Costs, error) {
	var octets []byte
	costs, err := d.readIMAP(ctx, a, "as it came", func(ctx context.Context, s *imap.Session, report func(done, total int64)) (err error) {
		octets, err = s.Part(ctx, a.UIDs[0], "", total, sourceAtOnce, report)
		return err
	})
	return octets, costs, err
}

// readIMAP runs f for one message of the selected mailbox and adds what it cost
// to the message's account.
func (d *Desk) readIMAP(ctx context.Context, a retrieval.Action, what string,
	f func(ctx context.Context, s *imap.Session, report func(done, total int64)) error) (retrieval.Costs, error) {
	ctx, over := d.cancelable(ctx)
	defer over()
	d.ask(func(b *book) { d.actions++; b.action = d.actions })
	if len(a.UIDs) != 1 {
		return retrieval.Costs{}, errors.New("choose one message to read")
	}
	box, err := d.staleUIDs(a)
	if err != nil {
		return retrieval.Costs{}, err
	}
	var spent retrieval.Meter
	err = enqueue(ctx, d, d.imap.jobs, func(ctx context.Context, s *imap.Session) error {
		if err := sameMailbox(a, box, s.Mailbox()); err != nil {
			return err
		}
		ctx, report, end := d.long(ctx, a, "octets")
		defer end()
		before := s.Meter()
		err := f(ctx, s, func(done, total int64) { report(what, done, total) })
		spent = s.Meter().Sub(before)
		return err
	})
	return d.spent(a, spent, err == nil), err
}
