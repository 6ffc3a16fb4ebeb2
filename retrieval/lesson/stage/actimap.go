package stage

import (
	"context"
	"errors"
	"io"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
)

// onIMAP does one act over IMAP.
func (s *Stage) onIMAP(ctx context.Context, d *device, a *lesson.Action) error {
	switch a.Verb {
	case "open":
		return d.openIMAP(ctx)
	case "stripped":
		return s.stripped(ctx, retrieval.IMAP)
	case "send":
		return &retrieval.UnsupportedError{Protocol: retrieval.IMAP, What: "command that sends mail", Source: "RFC 9051 section 1",
			Instead: "SMTP submission (RFC 6409) sends"}
	}
	return d.use(ctx, func(c *imap.Session) error { return s.imapAct(ctx, d, c, a) })
}

func (s *Stage) imapAct(ctx context.Context, d *device, c *imap.Session, a *lesson.Action) error {
	switch a.Verb {
	case "append":
		_, err := c.Append(ctx, "INBOX", nil, time.Time{}, s.newMail(a))
		return errors.Join(err, d.look(ctx, c, false))
	case "noop":
		return c.Noop(ctx)
	case "logout":
		return c.Logout(ctx)
	case "drop":
		c.Drop()
		<-c.Done()
		return nil
	case "move":
		return s.move(ctx, d, c, a)
	}
	uids, err := d.uidsOf(a.Letters)
	if err != nil {
		return err
	}
	switch a.Verb {
	case "flag", "unflag":
		got, err := c.Store(ctx, uids, a.Verb == "flag", a.Flags)
		d.event(imap.Event{Kind: retrieval.FlagsChanged, Flags: got, ByUs: true})
		return err
	case "copy":
		_, err = c.Copy(ctx, uids, s.folder(a.Folder))
	case "expunge":
		_, err = c.Expunge(ctx, uids)
	case "headers":
		_, err = c.Messages(ctx, uids)
	case "read", "peek":
		_, err = c.Fetch(ctx, uids[0], a.Verb == "peek", io.Discard, nil)
	}
	return err
}

// move takes a message to a folder, or back to INBOX from wherever it is.
func (s *Stage) move(ctx context.Context, d *device, c *imap.Session, a *lesson.Action) error {
	if a.Folder != "INBOX" {
		uids, err := d.uidsOf(a.Letters)
		if err == nil {
			_, err = c.Move(ctx, uids, s.folder(a.Folder))
		}
		return err
	}
	for _, f := range s.folders {
		if _, err := c.Select(ctx, f, false); err != nil {
			return err
		}
		rows, err := s.rowsIn(ctx, c, 1)
		if err != nil {
			return err
		}
		if r, ok := rows[a.Letters[0]]; ok {
			if _, err := c.Move(ctx, []uint32{r.UID}, "INBOX"); err != nil {
				return err
			}
		}
	}
	return d.enter(ctx, c)
}

func (s *Stage) folder(name string) string {
	if f := s.folders[name]; f != "" {
		return f
	}
	return name
}

// newMail makes a message that the lesson adds while it runs.
func (s *Stage) newMail(a *lesson.Action) []byte {
	m := lesson.Mail{Letter: a.Letters[0], Subject: a.Subject}
	s.mu.Lock()
	s.mails = append(s.mails, m)
	s.mu.Unlock()
	return s.compose(m.Letter, m.Subject, 0)
}

func (d *device) openIMAP(ctx context.Context) error {
	if s, err := d.imapSession(); err == nil {
		return s.Noop(ctx)
	}
	c := d.s.o.IMAP
	c.Wire.Transcript, c.Events = d.s.tr, d.event
	sess, err := imap.Open(ctx, c)
	if err != nil {
		return err
	}
	d.mu.Lock()
	if d.imap != nil {
		d.imapCost = d.imapCost.Add(d.imap.Meter())
	}
	d.imap = sess
	d.s.imapCaps = sess.Caps()
	d.mu.Unlock()
	return d.enter(ctx, sess)
}

// enter selects INBOX and looks for the lesson's messages.
func (d *device) enter(ctx context.Context, c *imap.Session) error {
	if _, err := c.Select(ctx, "INBOX", false); err != nil {
		return err
	}
	if _, err := c.UIDs(ctx); err != nil { // after it, events name messages
		return err
	}
	return d.look(ctx, c, false)
}

// look asks which of the lesson's messages are in INBOX, and how they are: NOOP
// when news is wanted, SEARCH by the lesson's header, FETCH of those.
func (d *device) look(ctx context.Context, c *imap.Session, noop bool) error {
	if noop {
		if err := c.Noop(ctx); err != nil {
			return err
		}
	}
	rows, err := d.s.rowsIn(ctx, c, d.s.base)
	if err != nil {
		return err
	}
	n := int(c.Mailbox().Messages)
	d.mu.Lock()
	d.rows, d.others = rows, max(n-len(rows), 0)
	for l, r := range rows {
		d.uids[r.UID] = l
	}
	d.mu.Unlock()
	for l, r := range rows {
		if k := d.s.known(l); k.uid == 0 {
			k.uid = r.UID
		}
	}
	return nil
}

// rowsIn finds this run's messages in the selected mailbox.
func (s *Stage) rowsIn(ctx context.Context, c *imap.Session, from uint32) (map[string]lesson.IMAPRow, error) {
	rows := map[string]lesson.IMAPRow{}
	uids, err := c.Find(ctx, from, lesson.Header, s.run)
	if err != nil || len(uids) == 0 {
		return rows, err
	}
	msgs, err := c.Messages(ctx, uids)
	if err != nil {
		return rows, err
	}
	for i := range msgs {
		if l := s.letterOf(msgs[i].Header.MessageID); l != "" {
			rows[l] = lesson.IMAPRow{Letter: l, UID: msgs[i].UID, Flags: msgs[i].Flags}
			if k := s.known(l); k.octets == 0 {
				k.octets = msgs[i].Octets
			}
		}
	}
	return rows, nil
}

// letterOf reads the letter of one of this run's Message-IDs; "" for any other.
func (s *Stage) letterOf(id string) string {
	if rest, ok := cutAround(id, "<", "-"+s.run+"@"+idDomain+">"); ok {
		return rest
	}
	return ""
}
