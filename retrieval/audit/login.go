package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"imapop/account"
	"imapop/account/submission"
	"imapop/retrieval"
	"imapop/retrieval/check"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
	"imapop/retrieval/safe"
)

// logins logs in over both protocols, as the account would, or takes over what
// an open desk has seen.
func (r *run) logins(ctx context.Context) {
	r.submissionLogin(ctx)
	r.tell("submission login")
	if r.o.Seen != nil {
		r.seen(r.o.Seen)
		return
	}
	s := r.imapLogin(ctx)
	r.tell("IMAP login")
	if r.o.Message {
		r.message(ctx, s)
		r.tell("the message")
	} else {
		r.popLogin(ctx, nil)
	}
	r.tell("POP3 login")
	if s != nil {
		_ = s.Logout(context.WithoutCancel(ctx)) // takes two seconds at most
	}
}

// ready reports whether a credential may go to the account's own door; when not,
// why stands in the facts.
func ready(s *check.Side) bool {
	s.Login = &check.Login{Capabilities: []string{}}
	if s.Doors[0].Failure != nil {
		s.Login.Error = "the door is not open"
		return false
	}
	s.Login.Tried = true
	return true
}

func (r *run) config() (imap.Config, pop3.Config) {
	o := r.o
	return imap.Config{Account: o.Account, Password: o.Password, Guard: o.Guard, Wire: o.Wire},
		pop3.Config{Account: o.Account, Password: o.Password, Guard: o.Guard, Wire: o.Wire}
}

// submissionLogin logs in and out again, and sends nothing.
func (r *run) submissionLogin(ctx context.Context) {
	side := r.facts.Submission
	if side == nil || !ready(side) {
		return
	}
	l := side.Login
	err := submission.Verify(ctx, r.o.Account, r.o.Password, submission.Options{Roots: r.o.Wire.Roots, Guard: r.o.Guard, Dialer: r.o.Wire.Dialer,
		Line: func(dir byte, text string) {
			if verb, rest, _ := strings.Cut(text, " "); dir == 'C' && strings.EqualFold(verb, "AUTH") {
				mech, _, _ := strings.Cut(rest, " ")
				l.Mechanism = safe.Cut(safe.Line(strings.ToUpper(mech)), 40)
			}
		}})
	if err != nil {
		failed(l, err)
		l.Refused = errors.Is(err, submission.ErrAuth)
		return
	}
	l.OK = true
}

func (r *run) imapLogin(ctx context.Context) *imap.Session {
	side := r.facts.IMAP
	if side == nil || !ready(side) {
		return nil
	}
	c, _ := r.config()
	s, err := imap.Open(ctx, c)
	if err != nil {
		failed(side.Login, err)
		return nil
	}
	l := side.Login
	l.OK, l.Capabilities = true, clean(s.Caps())
	l.Mechanism = mechanism(r.o.Wire.Transcript.Since(0, 0), retrieval.IMAP)
	about, err := s.About(ctx)
	if err != nil {
		l.Error = safe.Cut(safe.Line(err.Error()), 300)
	}
	l.Server, l.Namespaces = about.Server, about.Namespaces
	box, err := s.Select(ctx, inbox, !r.o.Message) // Courier refuses to store into what is open read-only
	if err != nil && l.Error == "" {
		l.Error = safe.Cut(safe.Line(err.Error()), 300)
	}
	l.Messages = int(box.Messages)
	return s
}

// popLogin opens a POP3 session, lists it, lets with do its work in it, and ends
// it by QUIT. Nothing is ever marked.
func (r *run) popLogin(ctx context.Context, with func(*pop3.Session, retrieval.Maildrop)) {
	side := r.facts.POP3
	if side == nil || !ready(side) {
		return
	}
	_, c := r.config()
	s, err := pop3.Open(ctx, c)
	if err != nil {
		failed(side.Login, err)
		return
	}
	defer s.Drop() // after QUIT it is no harm
	l := side.Login
	l.OK, l.Mechanism = true, mechanism(r.o.Wire.Transcript.Since(0, 0), retrieval.POP3)
	drop, err := s.Snapshot(ctx)
	if err != nil {
		l.Error = safe.Cut(safe.Line(err.Error()), 300)
		return
	}
	take(l, s.Caps(), drop)
	if with != nil {
		with(s, drop)
	}
	_, _ = s.Quit(ctx) // nothing hangs on it: no message is marked
}

// take notes what POP3 told after login.
func take(l *check.Login, c pop3.Capabilities, drop retrieval.Maildrop) {
	l.Capabilities, l.Server = clean(c.Lines), safe.Cut(safe.Line(c.Implementation), 100)
	l.POP3 = &check.POP3Promises{Listed: c.Known, UIDL: drop.HasUIDL, TOP: c.Top, Pipelining: c.Pipelining,
		Expire: safe.Cut(safe.Line(c.Expire), 40), LoginDelay: int64(c.LoginDelay / time.Second)}
	l.Messages = len(drop.Entries)
}

// failed notes why a login did not come about.
func failed(l *check.Login, err error) {
	l.Error = safe.Cut(safe.Line(err.Error()), 300)
	l.Busy = errors.Is(err, retrieval.ErrInUse)
	l.Refused = errors.Is(err, retrieval.ErrAuth) && !errors.Is(err, account.ErrUnsafe)
}

func clean(words []string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if w = safe.Cut(safe.Line(w), 200); strings.TrimSpace(w) != "" && len(out) < 200 {
			out = append(out, w)
		}
	}
	return out
}

// seen takes over what the desk's own sessions were told.
func (r *run) seen(v *retrieval.View) {
	if s := r.facts.IMAP; s != nil && v.IMAP.Caps == nil {
		s.Login = problem(v.IMAP.Problem)
	} else if s != nil {
		s.Login = &check.Login{Tried: true, OK: true, Capabilities: clean(v.IMAP.Caps), Mechanism: mechanism(r.o.SeenLines, retrieval.IMAP)}
	}
	r.tell("IMAP login")
	if s := r.facts.POP3; s != nil && v.POP3.Drop.At.IsZero() {
		s.Login = problem(v.POP3.Problem)
	} else if s != nil {
		s.Login = &check.Login{Tried: true, OK: true, Mechanism: mechanism(r.o.SeenLines, retrieval.POP3)}
		take(s.Login, pop3.ParseCapabilities(v.POP3.Caps), v.POP3.Drop)
	}
	r.tell("POP3 login")
}

// problem is a desk's side that is not logged in; nil when it is only on its way.
func problem(p *retrieval.Problem) *check.Login {
	if p == nil || p.Err == nil {
		return nil
	}
	l := &check.Login{Tried: true, Capabilities: []string{}}
	failed(l, p.Err)
	return l
}

// mechanism finds the latest login of a side in a transcript: what was sent, not
// what should have been.
func mechanism(lines []retrieval.Line, p retrieval.Protocol) string {
	for i := len(lines) - 1; i >= 0; i-- {
		l := lines[i]
		if l.Side != p || l.Dir != retrieval.ClientSays {
			continue
		}
		words := strings.Fields(l.Text)
		if p == retrieval.IMAP && len(words) > 0 {
			words = words[1:] // the tag
		}
		if len(words) == 0 {
			continue
		}
		switch verb := strings.ToUpper(words[0]); {
		case (verb == "AUTHENTICATE" || verb == "AUTH") && len(words) > 1:
			return safe.Cut(safe.Line(strings.ToUpper(words[1])), 40)
		case verb == "LOGIN", verb == "APOP":
			return verb
		case verb == "PASS":
			return "USER/PASS"
		}
	}
	return ""
}
