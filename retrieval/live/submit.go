package live

import (
	"context"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// Transcript is where the Desk's sessions write what was said; others may add the
// lines of connections that are not its own.
func (d *Desk) Transcript() *wire.Transcript { return d.tr }

// Submit runs a submission of this account and tells of it. submit returns when the
// server's 250 came and a few words. When the message comes back to INBOX, its
// arrival is tied to the submission by its Message-ID, with the time between.
func (d *Desk) Submit(ctx context.Context, messageID string, submit func(context.Context) (time.Time, string, error)) error {
	ctx, over := d.cancelable(ctx)
	defer over()
	c := &cause{at: time.Now(), name: "the SMTP submission began", kind: retrieval.Exists, id: messageID}
	d.ask(func(b *book) {
		d.actions++
		b.action = d.actions
		b.links.expect(c)
	})
	at, text, err := submit(ctx)
	if err != nil {
		d.ask(func(b *book) {
			b.happen(retrieval.Happening{Side: retrieval.SMTP, Kind: retrieval.Failed, Text: "SMTP: " + safe.Line(err.Error())})
		})
		return err
	}
	d.ask(func(b *book) {
		seq := b.happen(retrieval.Happening{At: at, Side: retrieval.SMTP, Kind: retrieval.Delivered, Cause: retrieval.CauseProtocol,
			Source: "RFC 6409", Text: "SMTP submitted " + safe.Line(text) + ": the server answers for it from here on"})
		b.settle(c, seq)
	})
	return nil
}
