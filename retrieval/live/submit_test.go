package live

import (
	"context"
	"errors"
	"testing"
	"time"

	"imapop/account/sandbox"
	"imapop/account/submission"
	"imapop/retrieval"
)

// TestSubmitIsTiedToItsArrival holds that only the message that was submitted is put
// down to the submission, and not what arrives at the same moment.
func TestSubmitIsTiedToItsArrival(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	a := b.o.Account
	err := b.Submit(t.Context(), "<mine@test>", func(ctx context.Context) (time.Time, string, error) {
		b.deliver("somebody else's")
		r, err := submission.Send(ctx, a, a.Secret.Literal, submission.Options{Roots: b.o.Wire.Roots},
			submission.Envelope{To: []string{a.From}}, []byte("Message-ID: <mine@test>\r\nSubject: mine\r\n\r\nx\r\n"))
		return r.At, "a message", err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.wait("both messages are heard of", func(b *book) bool {
		heard := 0
		for _, h := range b.happened {
			if h.Kind == retrieval.Exists {
				heard += len(h.UIDs)
			}
		}
		return heard == 2
	})
	v := b.now()
	for _, h := range v.Happened {
		if h.Kind != retrieval.Exists {
			continue
		}
		mine := false
		for i := range v.Rows {
			if r := v.Rows[i]; r.Message != nil && r.Message.Header.MessageID == "<mine@test>" {
				for _, uid := range h.UIDs {
					mine = mine || uid == r.UID
				}
			}
		}
		if (h.CausedBy != 0) != mine {
			t.Errorf("mine %v, caused by %d: %s", mine, h.CausedBy, h.Text)
		}
	}
	if err := b.Submit(t.Context(), "<2@test>", func(context.Context) (time.Time, string, error) {
		return time.Time{}, "", errors.New("refused")
	}); err == nil {
		t.Error("the refusal was lost")
	}
}
