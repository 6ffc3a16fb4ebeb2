package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
	"imapop/retrieval/pop3"
)

func (s *Stage) seePOP3(ctx context.Context, d *device, c *lesson.Condition) sight {
	sess, err := d.popSession()
	state := retrieval.POP3Closed
	if err == nil {
		state = sess.State()
	}
	switch c.What {
	case "open":
		return sight{ok: err == nil, saw: fmt.Sprintf("the POP3 session is in %s", state)}
	case "closed":
		return sight{ok: err != nil, saw: fmt.Sprintf("the POP3 session is %s", state)}
	}
	if err != nil {
		return broken(err)
	}
	switch c.What {
	case "secure":
		sec := sess.Security()
		return sight{ok: sec.Protocol != "" && !sec.Plaintext, saw: sec.String()}
	case "marked":
		return d.seeMarked(sess, c)
	case "bytes":
		return s.seeBytes(ctx, d, sess, c)
	}
	if err := d.snapshot(ctx, sess); err != nil {
		return broken(err)
	}
	return s.seeEntries(d, c)
}

// seeEntries judges what LIST and UIDL say now in the open session.
func (s *Stage) seeEntries(d *device, c *lesson.Condition) sight {
	d.mu.Lock()
	var have []string
	entries := map[string]retrieval.Entry{}
	for l, n := range d.numbers {
		if e := d.list.Entries[n-1]; !e.Marked {
			have = append(have, l)
			entries[l] = e
		}
	}
	before := d.before
	d.mu.Unlock()
	slices.Sort(have)
	listed := "POP3 lists " + list(have)
	switch c.What {
	case "lists", "has", "lacks":
		r := sight{ok: agrees(c.What, have, c.Letters), saw: listed}
		if !r.ok && !d.hasUIDL() { // without names, only a message that can still be read can be told from another
			r.impossible, r.saw = true, listed+"; "+errNoUIDL.Error()
		}
		return r
	}
	l := c.Letters[0]
	e, ok := entries[l]
	if !ok {
		return sight{saw: listed + ", not " + l}
	}
	k := s.known(l)
	switch c.What {
	case "unique-id":
		return sight{ok: (e.UniqueID == k.id) == (c.Unit == "same"), saw: fmt.Sprintf("%s has the unique-id %s; at first it had %s", l, e.UniqueID, k.id)}
	case "number":
		if before[l] == 0 {
			return sight{saw: l + " was in no session before"}
		}
		return sight{ok: (e.Number == before[l]) == (c.Unit == "same"), saw: fmt.Sprintf("%s is message %d; in the session before it was %d", l, e.Number, before[l])}
	case "octets":
		return sight{ok: e.Octets == k.octets, saw: fmt.Sprintf("LIST tells %d octets for %s; at first there were %d", e.Octets, l, k.octets)}
	}
	return sight{saw: "imapop does not know how to see that", broken: true}
}

func (d *device) seeMarked(sess *pop3.Session, c *lesson.Condition) sight {
	var have []string
	for _, n := range sess.Marked() {
		if l := d.letterAt(n); l != "" {
			have = append(have, l)
		}
	}
	slices.Sort(have)
	return sight{ok: agrees("marked", have, c.Letters), saw: "marked by DELE: " + list(have)}
}

// popOctets brings one message by RETR.
func (d *device) popOctets(ctx context.Context, sess *pop3.Session, letter string) ([]byte, error) {
	numbers, err := d.numbersOf([]string{letter})
	if err != nil {
		return nil, err
	}
	var got sink
	var met error
	err = sess.Retrieve(ctx, numbers, func(int, int64) (pop3.Sink, error) { return &got, nil },
		func(_ int, _ pop3.Retrieved, err error) error { met = err; return nil }, nil)
	return got.Bytes(), errors.Join(met, err)
}

// seeBytes holds a message's octets against those that RETR brought at first.
func (s *Stage) seeBytes(ctx context.Context, d *device, sess *pop3.Session, c *lesson.Condition) sight {
	l := c.Letters[0]
	got, err := d.popOctets(ctx, sess, l)
	if err != nil {
		return broken(err)
	}
	k := s.known(l)
	if k.digest == "" {
		k.digest = digest(got)
	}
	return sight{ok: k.digest == digest(got), saw: fmt.Sprintf("%d octets, digest %.8s; at first %.8s", len(got), digest(got), k.digest)}
}

// same compares the two sides.
func (s *Stage) same(ctx context.Context, d *device, c *lesson.Condition) sight {
	l := c.Letters[0]
	i, err := d.imapSession()
	if err != nil {
		return broken(err)
	}
	p, err := d.popSession()
	if err != nil {
		return broken(err)
	}
	uids, err := d.uidsOf(c.Letters)
	if err != nil {
		return broken(err)
	}
	if c.Unit == "octets" {
		msgs, err := i.Messages(ctx, uids)
		numbers, nerr := d.numbersOf(c.Letters)
		if err = errors.Join(err, nerr); err != nil || len(msgs) != 1 {
			return broken(fmt.Errorf("message %s: %w", l, errors.Join(err, retrieval.ErrGone)))
		}
		listed := d.item(numbers[0]).Octets
		return sight{ok: msgs[0].Octets == listed, saw: fmt.Sprintf("RFC822.SIZE %d, LIST %d", msgs[0].Octets, listed)}
	}
	var b bytes.Buffer
	if _, err := i.Fetch(ctx, uids[0], true, &b, nil); err != nil {
		return broken(err)
	}
	got, err := d.popOctets(ctx, p, l)
	if err != nil {
		return broken(err)
	}
	return sight{ok: bytes.Equal(got, b.Bytes()), saw: fmt.Sprintf("BODY.PEEK[] %d octets, RETR %d, %s", b.Len(), len(got), equality(bytes.Equal(got, b.Bytes())))}
}

func equality(same bool) string {
	if same {
		return "not one different"
	}
	return "and they differ"
}

func (s *Stage) less(c *lesson.Condition) sight {
	a, b := s.measures[c.Less], s.measures[c.More]
	x, y := a.In+a.Out, b.In+b.Out
	if c.Unit == "turnarounds" {
		x, y = int64(a.Turnarounds), int64(b.Turnarounds)
	}
	return sight{ok: x < y, saw: fmt.Sprintf("%s: %d; %s: %d %s", c.Less, x, c.More, y, c.Unit)}
}

func (s *Stage) seeLocal(d *device, c *lesson.Condition) sight {
	s.mu.Lock()
	d.mu.Lock()
	have := d.copies()
	d.mu.Unlock()
	s.mu.Unlock()
	here := "on the disk: " + list(have)
	if c.What == "lists" {
		return sight{ok: agrees("lists", have, c.Letters), saw: here}
	}
	for id, l := range s.byID {
		if l != c.Letters[0] || d.copy == nil {
			continue
		}
		r, err := d.copy.OpenMessage(id)
		if err != nil {
			continue
		}
		n, err := io.Copy(io.Discard, r)
		_ = r.Close()
		return sight{ok: err == nil && n > 0, saw: fmt.Sprintf("%s was read from the disk: %d octets, nothing on the wire", l, n)}
	}
	return sight{saw: here}
}
