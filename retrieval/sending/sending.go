// Package sending is the way of a message that a person sends: from the draft into
// the outbox, by SMTP to the server, by IMAP into Sent. It is where account/outgoing,
// account/submission and retrieval/imap meet; screens and commands use it alike.
package sending

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"imapop/account"
	"imapop/account/compose"
	"imapop/account/draft"
	"imapop/account/outgoing"
	"imapop/account/sasl"
	"imapop/account/submission"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// Options say for which account, and what stands around it.
type Options struct {
	Account    account.Account
	Password   account.Password
	Guard      *sasl.Guard // tokens, with OAuth; nil: a password
	Roots      *x509.CertPool
	Outbox     *outgoing.Outbox
	Drafts     *outgoing.Drafts
	Transcript *wire.Transcript // gets SMTP's lines; nil: nobody listens
	Now        func() time.Time // nil: time.Now
	// OpenIMAP opens a session of its own for the copies in Sent and Drafts, so that
	// the one that idles goes on idling. nil: there is no IMAP at hand.
	OpenIMAP func(ctx context.Context) (*imap.Session, error)
	// Around runs a submission where others look on (live.Desk.Submit); nil runs it.
	Around func(ctx context.Context, messageID string, submit func(context.Context) (time.Time, string, error)) error
}

// Sender sends an account's mail. Safe from many goroutines.
type Sender struct{ o Options }

// New makes a Sender. It opens nothing.
func New(o Options) *Sender {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Around == nil {
		o.Around = func(ctx context.Context, _ string, submit func(context.Context) (time.Time, string, error)) error {
			_, _, err := submit(ctx)
			return err
		}
	}
	return &Sender{o: o}
}

// Outbox and Drafts are where this account's are.
func (s *Sender) Outbox() *outgoing.Outbox { return s.o.Outbox }

// Drafts is where unsent messages of this device are.
func (s *Sender) Drafts() *outgoing.Drafts { return s.o.Drafts }

// maxAttached bounds what one message may carry, in octets; it is in memory while
// it is made.
const maxAttached = 100 << 20

// Build makes the message that a draft is now.
func (s *Sender) Build(d draft.Draft) (compose.Message, error) {
	return compose.Build(d, compose.Options{Now: s.o.Now(), Random: random(), Read: reader()})
}

// reader reads attachments, up to maxAttached together.
func reader() func(string) ([]byte, error) {
	seen := map[string][]byte{}
	total := int64(0)
	return func(path string) ([]byte, error) {
		if b, ok := seen[path]; ok {
			return b, nil
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, errors.New("it is no file")
		}
		if total += info.Size(); total > maxAttached {
			return nil, fmt.Errorf("the attachments are above %s together", retrieval.Octets(maxAttached))
		}
		b, err := os.ReadFile(path)
		seen[path] = b
		return b, err
	}
}

func random() string {
	var b [12]byte
	rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// Take puts a draft into the outbox and takes it out of the drafts. From here on it
// is not lost, whatever happens.
func (s *Sender) Take(d draft.Draft, notify []string) (outgoing.Entry, error) {
	m, err := s.Build(d)
	if err != nil {
		return outgoing.Entry{}, err
	}
	e, err := s.o.Outbox.Add(outgoing.Entry{MessageID: m.ID, Subject: d.Subject, From: m.From, To: m.To, Bcc: m.Bcc,
		Created: s.o.Now(), Octets: int64(len(m.Octets)), Notify: notify}, m.Octets)
	if err != nil {
		return e, err
	}
	return e, s.o.Drafts.Remove(d.ID) // with an error it is there twice: told, and nothing is lost
}

// Send tries to send what is in the outbox under a name, and then to file its copy.
// partial lets it go to those who were accepted when others were refused.
func (s *Sender) Send(ctx context.Context, id string, partial bool) draft.Outcome {
	var out draft.Outcome
	var e outgoing.Entry
	list, err := s.o.Outbox.List()
	if i := slices.IndexFunc(list, func(e outgoing.Entry) bool { return e.ID == id }); i >= 0 {
		e, err = list[i], nil // what else is there and cannot be read is not this one's fault
	} else if err == nil {
		err = fmt.Errorf("outbox: %q: %w", id, outgoing.ErrNone)
	}
	if e.ID != "" && e.State != outgoing.Sent {
		out.Began = s.o.Now()
		err = s.o.Around(ctx, e.MessageID, func(ctx context.Context) (time.Time, string, error) {
			var r submission.Result
			var err error
			e, r, err = s.o.Outbox.Send(id, s.o.Now, s.submit(ctx, partial, &out))
			out.Answer, out.Offers = r.Text, r.Offers
			return r.At, "a message to " + strings.Join(e.SentTo, ", "), err
		})
	}
	if e.ID != "" {
		fill(&out, e)
	}
	if err != nil {
		out.Error = safe.Line(err.Error())
	}
	if len(e.SentTo) > 0 && !e.Filed {
		out.Filed, err = s.file(ctx, e)
		if err != nil {
			out.FileError = safe.Line(err.Error())
		}
	}
	return out
}

func fill(out *draft.Outcome, e outgoing.Entry) {
	out.ID, out.MessageID, out.State, out.At = e.ID, e.MessageID, string(e.State), e.SentAt
	for _, a := range e.Answers {
		out.Recipients = append(out.Recipients, draft.Answered{Address: a.Address, Code: a.Code, Text: a.Text})
	}
}

// submit is one attempt over SMTP, its lines in the transcript.
func (s *Sender) submit(ctx context.Context, partial bool, out *draft.Outcome) outgoing.Submit {
	return func(e outgoing.Entry, octets []byte, atTheEnd func() error) (submission.Result, error) {
		o := submission.Options{Roots: s.o.Roots, Guard: s.o.Guard, Now: s.o.Now, BeforeData: atTheEnd}
		if t := s.o.Transcript; t != nil {
			session := t.NextSession(retrieval.SMTP)
			o.Line = func(dir byte, text string) {
				t.Add(retrieval.Line{At: time.Now(), Side: retrieval.SMTP, Session: session, Dir: retrieval.Direction(dir), Text: text, Octets: int64(len(text) + 2)})
			}
		}
		env := submission.Envelope{From: e.From, To: e.To, Partial: partial, Notify: e.Notify, ID: e.ID}
		r, err := submission.Send(ctx, s.o.Account, s.o.Password, o, env, octets)
		if err != nil && len(r.Accepted()) > 0 && len(r.Refused()) > 0 && errors.Is(err, submission.ErrRefused) && !partial {
			out.CanSendToSome = true
		}
		return r, err
	}
}
