package local

import "time"

// Deletable says whether a DELE may go out for a message that LIST gives listed
// octets (negative: not known); nil, or *RefusedError with the reason.
func (c *Copy) Deletable(uniqueID string, listed int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deletable(uniqueID, listed)
}

func (c *Copy) deletable(id string, listed int64) error {
	refuse := func(err error) error { return &RefusedError{UniqueID: id, Err: err} }
	r, ok := c.records.get(id)
	if !ok {
		return refuse(ErrNotHere)
	}
	if c.twice[id] {
		r.Duplicate = true
	}
	if err := r.fault(); err != nil {
		return refuse(err)
	}
	if listed >= 0 && listed != r.Listed {
		return refuse(ErrChanged)
	}
	if !r.Removed.IsZero() {
		return nil
	}
	_, size, err := c.locate(r.File)
	if err == nil && size != r.Octets {
		err = ErrFileGone
	}
	if err != nil {
		return refuse(err)
	}
	return nil
}

// MarkDeletePending must be called, and must return nil, before DELE is written
// for any of ids. It refuses all of them when one has no durable copy here
// (*RefusedError), and notes on disk that they may be gone from now on.
func (c *Copy) MarkDeletePending(ids []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if err := c.deletable(id, -1); err != nil {
			return err
		}
	}
	return c.changeLocked(ids, setState(Pending, time.Time{}))
}

// Settle records how pending deletions ended: deleted after QUIT was answered
// +OK, kept after RSET, a refused DELE or a session that never said QUIT.
func (c *Copy) Settle(deleted, kept []string) error {
	now := c.now().UTC().Truncate(time.Microsecond)
	gone := make(map[string]bool, len(deleted))
	for _, id := range deleted {
		gone[id] = true
	}
	all := append(append([]string{}, deleted...), kept...)
	return c.change(all, func(r *Record) bool {
		if gone[r.UniqueID] {
			return setState(Deleted, now)(r)
		}
		return setState(OnServer, time.Time{})(r)
	})
}

// Unknown records that QUIT was sent for the deletions of ids and not answered:
// the next Reconcile settles them.
func (c *Copy) Unknown(ids []string) error { return c.change(ids, setState(Unknown, time.Time{})) }

func setState(s ServerState, at time.Time) func(*Record) bool {
	return func(r *Record) bool {
		changed := r.State != s
		r.State, r.Settled = s, at
		return changed
	}
}
