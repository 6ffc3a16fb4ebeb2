package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/safe"
)

// sameBurst is how close two answers of one kind lie that are told as one.
const sameBurst = 100 * time.Millisecond

// onIMAP takes in what the IMAP session heard.
func (b *book) onIMAP(e imap.Event) {
	switch e.Kind {
	case retrieval.Exists:
		b.onExists(e)
	case retrieval.Expunged:
		b.onExpunged(e)
	case retrieval.FlagsChanged:
		b.onFlags(e)
	case retrieval.Alert:
		b.happen(retrieval.Happening{At: e.At, Side: retrieval.IMAP, Kind: retrieval.Alert, Line: e.Line,
			Cause: retrieval.CausePolicy, Text: "the IMAP server says: " + safe.Line(e.Text)})
	}
	if e.State != "" {
		b.imap.State = e.State
	}
	if b.isess != nil {
		b.imap.Caps = b.isess.Caps()
	}
}

func (b *book) onExists(e imap.Event) {
	old := b.imap.Mailbox.Messages
	b.imap.Mailbox.Messages = e.Count
	if e.Count <= old {
		return
	}
	h := retrieval.Happening{At: e.At, Side: retrieval.IMAP, Kind: retrieval.Exists, Line: e.Line,
		Cause: retrieval.CauseProtocol, Source: "RFC 9051 section 7.4.1", Text: "IMAP heard EXISTS " + fmt.Sprint(e.Count) + heard(e)}
	if !e.ByUs {
		b.explain(&h)
	}
	seq := b.happen(h)
	side, name := b.d.imap, b.imap.Mailbox.Name
	side.chore(func(ctx context.Context, sess *imap.Session) error {
		ms, err := sess.Window(ctx, old+1, e.Count)
		if err != nil {
			return err
		}
		b.d.post(func(b *book) { b.arrived(seq, ms) })
		return nil
	})
	side.chore(side.recount(name))
}

// byItself ends the text of what IMAP said unasked.
const byItself = " by itself"

func heard(e imap.Event) string {
	if e.ByUs {
		return ""
	}
	return byItself
}

// arrived takes in messages that EXISTS announced, and names them where it was told.
func (b *book) arrived(seq uint64, ms []retrieval.Message) {
	b.setMessages(ms)
	uids := slices.Clone(b.uids)
	var names []string
	for i := range ms {
		if _, found := slices.BinarySearch(uids, ms[i].UID); !found {
			uids = append(uids, ms[i].UID)
		}
		names = append(names, fmt.Sprintf("UID %d %q", ms[i].UID, ms[i].Header.Subject))
	}
	slices.Sort(uids)
	b.listed(uids)
	b.amend(seq, func(h *retrieval.Happening) {
		for i := range ms {
			h.UIDs = append(h.UIDs, ms[i].UID)
			if isInbox(b.imap.Mailbox.Name) {
				b.submitted(h, ms[i].Header.MessageID)
			}
		}
		if len(names) <= 2 {
			h.Text += ": " + safe.Line(strings.Join(names, ", "))
		}
	})
}

func (b *book) onExpunged(e imap.Event) {
	if len(e.Seqs) > 0 { // told by number before the UIDs were listed: the list is asked for anew
		b.d.imap.chore(b.d.imap.listUIDs)
	}
	uids := slices.DeleteFunc(slices.Clone(b.uids), func(u uint32) bool { return slices.Contains(e.UIDs, u) })
	b.listed(uids)
	if h := b.last(retrieval.IMAP, retrieval.Expunged, e.At, sameBurst); h != nil && h.Action == b.action {
		b.amend(h.Seq, func(h *retrieval.Happening) {
			h.UIDs = append(slices.Clone(h.UIDs), e.UIDs...)
			h.CausedBy, h.Delay = 0, 0
			h.Text = expungedText(h.UIDs, e)
			b.explain(h)
		})
	} else {
		h := retrieval.Happening{At: e.At, Side: retrieval.IMAP, Kind: retrieval.Expunged, UIDs: e.UIDs, Line: e.Line,
			Cause: retrieval.CauseProtocol, Source: "RFC 9051 section 7.5.1", Text: expungedText(e.UIDs, e)}
		b.explain(&h)
		b.happen(h)
	}
	b.d.imap.chore(b.d.imap.recount(b.imap.Mailbox.Name))
}

func expungedText(uids []uint32, e imap.Event) string {
	if len(uids) == 1 {
		return fmt.Sprintf("IMAP heard EXPUNGE of UID %d%s", uids[0], heard(e))
	}
	return fmt.Sprintf("IMAP heard EXPUNGE of %d messages%s", max(len(uids), len(e.Seqs)), heard(e))
}

func (b *book) onFlags(e imap.Event) {
	for _, seq := range e.Seqs { // told by number only: what it is about has to be asked
		b.d.imap.chore(func(ctx context.Context, sess *imap.Session) error {
			ms, err := sess.Window(ctx, seq, seq)
			if err == nil {
				b.d.post(func(b *book) { b.setMessages(ms) })
			}
			return err
		})
	}
	var changed []retrieval.Message
	var uids []uint32
	var texts []string
	for uid, flags := range e.Flags {
		old := b.known[uid]
		if old == nil {
			continue
		}
		flags = slices.Sorted(slices.Values(flags))
		if slices.Equal(old.Flags, flags) {
			continue
		}
		m := *old
		texts = append(texts, fmt.Sprintf("UID %d %s", uid, flagDiff(old.Flags, flags)))
		m.Flags = flags
		changed, uids = append(changed, m), append(uids, uid)
	}
	if len(changed) == 0 {
		return
	}
	b.setMessages(changed)
	text := strings.Join(texts, ", ")
	if h := b.last(retrieval.IMAP, retrieval.FlagsChanged, e.At, sameBurst); h != nil && h.Action == b.action {
		b.amend(h.Seq, func(h *retrieval.Happening) {
			h.UIDs = append(slices.Clone(h.UIDs), uids...)
			h.Text = fmt.Sprintf("IMAP: flags of %d messages changed%s", len(h.UIDs), heard(e))
		})
		return
	}
	h := retrieval.Happening{At: e.At, Side: retrieval.IMAP, Kind: retrieval.FlagsChanged, UIDs: uids, Line: e.Line,
		Source: "RFC 9051 section 7.5.2", Text: "IMAP: " + safe.Line(text) + heard(e)}
	if e.ByUs {
		h.Cause = retrieval.CauseClient
	}
	if !e.ByUs { // \Seen is the one flag that a POP3 server sets for its client
		b.explainFlags(&h, !onlySeen(texts))
	}
	b.happen(h)
}

func onlySeen(diffs []string) bool {
	return !slices.ContainsFunc(diffs, func(d string) bool { return !strings.HasSuffix(d, ` +\Seen`) || strings.Count(d, " ") > 2 })
}

// flagDiff says what was set and cleared: `+\Seen -\Flagged`.
func flagDiff(old, now []string) string {
	var out []string
	for _, f := range now {
		if !slices.Contains(old, f) {
			out = append(out, "+"+f)
		}
	}
	for _, f := range old {
		if !slices.Contains(now, f) {
			out = append(out, "-"+f)
		}
	}
	return strings.Join(out, " ")
}
