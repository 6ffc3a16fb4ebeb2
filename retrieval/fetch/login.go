package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/pop3"
)

// How long to wait before each new login. Cyrus announces a delay of one minute
// and Courier of ten seconds; two and a half minutes in all outlast both.
var (
	delayWaits = []time.Duration{15 * time.Second, 30 * time.Second, 45 * time.Second, time.Minute}
	faultWaits = []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 45 * time.Second}
)

// Login is how to open a session.
type Login struct {
	Open func(ctx context.Context) (*pop3.Session, error)
	Say  func(text string) // told of every wait, in one line; nil: nobody is told
}

// Do opens a session. [LOGIN-DELAY] waits and tries again, [SYS/TEMP] tries again
// with rising pauses, each some minutes at the most and each wait said aloud.
// Everything else is final: [IN-USE] (another session has the mailbox), [AUTH]
// (asking again locks accounts), and what the network does.
func (l Login) Do(ctx context.Context) (*pop3.Session, error) {
	delays, faults := delayWaits, faultWaits
	for {
		s, err := l.Open(ctx)
		var wait time.Duration
		var why string
		switch {
		case errors.Is(err, retrieval.ErrLoginDelay) && len(delays) > 0:
			wait, delays, why = delays[0], delays[1:], "the server wants more time between two logins"
		case errors.Is(err, retrieval.ErrSysTemp) && len(faults) > 0:
			wait, faults, why = faults[0], faults[1:], "the server has a passing fault"
		default:
			return s, err
		}
		if l.Say != nil {
			l.Say(fmt.Sprintf("%s; trying again in %v (%v)", why, wait, err))
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return &retrieval.OpError{Protocol: retrieval.POP3, Op: "wait for the login", Err: ctx.Err()}
	}
}
