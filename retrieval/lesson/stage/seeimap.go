package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
)

func (s *Stage) seeIMAP(ctx context.Context, d *device, c *lesson.Condition) sight {
	sess, err := d.imapSession()
	switch c.What {
	case "open":
		return sight{ok: err == nil, saw: fmt.Sprintf("the IMAP session is %s", d.state())}
	case "closed":
		return sight{ok: err != nil, saw: fmt.Sprintf("the IMAP session is %s", d.state())}
	}
	if err != nil {
		return broken(err)
	}
	switch c.What {
	case "secure":
		sec := sess.Security()
		return sight{ok: sec.Protocol != "" && !sec.Plaintext, saw: sec.String()}
	case "hears-exists", "hears-expunge", "hears-flags":
		return s.heard(d, c)
	case "folder":
		return s.seeFolder(ctx, d, sess, c)
	case "trash":
		return s.seeTrash(ctx, c)
	}
	if err := d.look(ctx, sess, true); err != nil {
		return broken(err)
	}
	return s.seeRows(ctx, d, sess, c)
}

func (d *device) state() retrieval.IMAPState {
	if s, err := d.imapSession(); err == nil {
		return s.State()
	}
	return retrieval.IMAPClosed
}

// seeRows judges what a look at INBOX found.
func (s *Stage) seeRows(ctx context.Context, d *device, sess *imap.Session, c *lesson.Condition) sight {
	d.mu.Lock()
	rows := d.rows
	d.mu.Unlock()
	var have []string
	for l := range rows {
		have = append(have, l)
	}
	slices.Sort(have)
	listed := "IMAP lists " + list(have)
	switch c.What {
	case "lists", "has", "lacks":
		return sight{ok: agrees(c.What, have, c.Letters), saw: listed}
	}
	r, ok := rows[c.Letters[0]]
	if !ok {
		return sight{saw: listed + ", not " + c.Letters[0]}
	}
	switch c.What {
	case "flags":
		return sight{ok: hasFlags(r.Flags, c.Flags) == len(c.Flags), saw: flagsText(r)}
	case "unflagged":
		return sight{ok: hasFlags(r.Flags, c.Flags) == 0, saw: flagsText(r)}
	case "uid":
		was := s.known(r.Letter).uid
		return sight{ok: (r.UID == was) == (c.Unit == "same"), saw: fmt.Sprintf("%s has UID %d; at first it had %d", r.Letter, r.UID, was)}
	case "subject":
		msgs, err := sess.Messages(ctx, []uint32{r.UID})
		if err != nil || len(msgs) != 1 {
			return sight{saw: fmt.Sprintf("the envelope did not come: %v", err)}
		}
		return sight{ok: msgs[0].Header.Subject == s.subject(r.Letter), saw: fmt.Sprintf("Subject: %s", msgs[0].Header.Subject)}
	}
	return sight{saw: "imapop does not know how to see that", broken: true}
}

func flagsText(r lesson.IMAPRow) string {
	return fmt.Sprintf("%s: FLAGS (%s)", r.Letter, strings.Join(r.Flags, " "))
}

func hasFlags(have, want []string) (n int) {
	for _, f := range want {
		if slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, f) }) {
			n++
		}
	}
	return n
}

// tellings are the responses that a server sends by itself (RFC 9051 section 7).
var tellings = map[string]struct {
	kind retrieval.Kind
	word string
}{
	"hears-exists":  {retrieval.Exists, "EXISTS"},
	"hears-expunge": {retrieval.Expunged, "EXPUNGE"},
	"hears-flags":   {retrieval.FlagsChanged, "FETCH (FLAGS)"},
}

// heard judges what IMAP told by itself since the last act began.
func (s *Stage) heard(d *device, c *lesson.Condition) sight {
	told := tellings[c.What]
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.heard {
		if e.Kind != told.kind || e.ByUs || e.At.Before(s.actBegan) {
			continue
		}
		if len(c.Letters) == 1 && !d.names(e, c.Letters[0]) {
			continue
		}
		after := max(e.At.Sub(s.actEnded), 0)
		return sight{ok: true, delay: after, waited: true, saw: fmt.Sprintf("%s came by itself, %s after the act", told.word, lesson.DelayText(after))}
	}
	return sight{saw: fmt.Sprintf("IMAP heard nothing of it in %s", time.Since(s.actEnded).Round(100*time.Millisecond))}
}

// names reports whether an event is about a letter; d.mu is held.
func (d *device) names(e imap.Event, letter string) bool {
	return slices.ContainsFunc(e.UIDs, func(uid uint32) bool { return d.uids[uid] == letter })
}

// seeFolder looks into a folder of the lesson and returns to INBOX.
func (s *Stage) seeFolder(ctx context.Context, d *device, sess *imap.Session, c *lesson.Condition) sight {
	if _, err := sess.Select(ctx, s.folder(c.Folder), true); err != nil {
		return broken(err)
	}
	rows, err := s.rowsIn(ctx, sess, 1)
	if err != nil {
		return broken(err)
	}
	if err := d.enter(ctx, sess); err != nil {
		return broken(err)
	}
	var have []string
	for l := range rows {
		have = append(have, l)
	}
	slices.Sort(have)
	return sight{ok: agrees("has", have, c.Letters), saw: fmt.Sprintf("%s has %s", c.Folder, list(have))}
}

// seeTrash looks, behind the curtain, into the folder for what was deleted.
func (s *Stage) seeTrash(ctx context.Context, c *lesson.Condition) sight {
	if err := s.lookAround(ctx); err != nil { // some servers make the folder when it is first needed
		return broken(err)
	}
	if s.spaces.trash == "" {
		return sight{saw: "there is no such folder"}
	}
	if _, err := s.hand.Select(ctx, s.spaces.trash, true); err != nil {
		return broken(err)
	}
	rows, err := s.rowsIn(ctx, s.hand, 1)
	if err != nil {
		return broken(err)
	}
	_, ok := rows[c.Letters[0]]
	return sight{ok: ok, saw: fmt.Sprintf("%s: %v in %s", c.Letters[0], map[bool]string{true: "it is", false: "it is not"}[ok], s.spaces.trash)}
}
