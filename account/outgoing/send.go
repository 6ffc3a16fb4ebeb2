package outgoing

import (
	"errors"
	"fmt"
	"time"

	"imapop/account/submission"
)

// Submit sends octets for an entry. It must call atTheEnd before the end of the
// message can reach the server, and give up when that fails
// (submission.Options.BeforeData).
type Submit func(e Entry, octets []byte, atTheEnd func() error) (submission.Result, error)

// Send tries to send one message and keeps what came of it. The entry it returns is
// the state on disk: Sent and not yet filed; Waiting, when it was not accepted, or
// not for all; Unknown. The error is the submission's, or ErrUndecided, ErrNone,
// ErrBusy, without that anything was sent.
func (o *Outbox) Send(id string, now func() time.Time, submit Submit) (Entry, submission.Result, error) {
	unlock, err := o.lock()
	if err != nil {
		return Entry{}, submission.Result{}, err
	}
	defer unlock()
	e, octets, err := o.ready(id)
	if err != nil {
		return e, submission.Result{}, err
	}
	e.Tries, e.Tried = e.Tries+1, now()
	r, err := submit(e, octets, func() error {
		e.State = sendingState
		return o.write(e)
	})
	e = e.after(r, err)
	if werr := o.write(e); werr != nil {
		// On disk it says that it is being sent: the next to look finds it unknown,
		// and nobody sends it twice.
		e.State = Unknown
		return e, r, errors.Join(err, werr)
	}
	return e, r, err
}

// ready brings an entry that may be sent.
func (o *Outbox) ready(id string) (Entry, []byte, error) {
	e, err := o.read(id)
	if err != nil {
		return e, nil, err
	}
	switch e.State {
	case sendingState, Unknown:
		e.State = Unknown
		return e, nil, fmt.Errorf("outbox: %s: %w", id, ErrUndecided)
	case Sent:
		return e, nil, fmt.Errorf("outbox: %s: it is sent already", id)
	}
	octets, err := o.Octets(id)
	if err != nil {
		return e, nil, none(id, err)
	}
	return e, octets, nil
}

// after is the entry when a try is over.
func (e Entry) after(r submission.Result, err error) Entry {
	e.Answers = nil
	for _, to := range r.Recipients {
		e.Answers = append(e.Answers, Answer{Address: to.Address, Code: to.Code, Text: to.Text})
	}
	e.State, e.LastError = Waiting, ""
	switch {
	case errors.Is(err, submission.ErrUnknown):
		e.State, e.LastError = Unknown, err.Error()
	case err != nil:
		e.LastError = err.Error()
	default:
		var left []string
		for _, to := range r.Refused() {
			left = append(left, to.Address)
			e.LastError = fmt.Sprintf("%s was refused (%d): %s", to.Address, to.Code, to.Text)
		}
		for _, to := range r.Accepted() {
			e.SentTo = append(e.SentTo, to.Address)
		}
		if e.SentAt.IsZero() {
			e.SentAt = r.At
		}
		e.To = left
		if len(left) == 0 {
			e.State = Sent
		}
	}
	return e
}

// Again is a person's word that an unknown message was not delivered: it waits to
// be sent.
func (o *Outbox) Again(id string) (Entry, error) {
	return o.change(id, func(e *Entry) error {
		if e.State != Unknown && e.State != sendingState {
			return fmt.Errorf("outbox: %s is %s, not unknown", id, e.State)
		}
		e.State, e.LastError = Waiting, ""
		return nil
	})
}

// Delivered says that an unknown message was found at its goal: it is sent.
func (o *Outbox) Delivered(id string, at time.Time) (Entry, error) {
	return o.change(id, func(e *Entry) error {
		if e.State != Unknown && e.State != sendingState {
			return fmt.Errorf("outbox: %s is %s, not unknown", id, e.State)
		}
		e.State, e.LastError, e.SentAt, e.SentTo, e.To = Sent, "", at, append(e.SentTo, e.To...), nil
		return nil
	})
}

// Filed says that the sender's copy is where it belongs. A message that is sent to
// everybody leaves the outbox by it.
func (o *Outbox) Filed(id string) error {
	e, err := o.change(id, func(e *Entry) error { e.Filed = true; return nil })
	if err != nil || e.State != Sent {
		return err
	}
	return o.Drop(id)
}

func (o *Outbox) change(id string, f func(*Entry) error) (Entry, error) {
	unlock, err := o.lock()
	if err != nil {
		return Entry{}, err
	}
	defer unlock()
	e, err := o.read(id)
	if err != nil {
		return e, err
	}
	if err := f(&e); err != nil {
		return e, err
	}
	return e, o.write(e)
}
