package fetch

import (
	"context"

	"imapop/retrieval/local"
)

// Marks is what came of marking messages for deletion.
type Marks struct {
	Marked  []Item        // DELE was answered +OK: QUIT will delete them
	Refused map[int]error // by message number: the ledger or the server said no, and why
}

// Delete marks messages whose copy is durable. The ledger is asked for each and
// notes, on disk, that they may be gone from now on; only then the first DELE
// goes out. An error is the ledger's, or the session's end; what the ledger noted
// is then settled by the next list of unique-ids. Messages without unique-id are
// refused: see deleteNameless.
func Delete(ctx context.Context, s Deleter, c *local.Copy, items []Item) (Marks, error) {
	m := Marks{Refused: map[int]error{}}
	var ids []string
	var good []Item
	for _, it := range items {
		if err := c.Deletable(it.UniqueID, it.Octets); err != nil {
			m.Refused[it.Number] = err
			continue
		}
		ids, good = append(ids, it.UniqueID), append(good, it)
	}
	if len(good) == 0 {
		return m, nil
	}
	if err := c.MarkDeletePending(ids); err != nil {
		return m, err
	}
	err := m.send(ctx, s, good)
	if err != nil {
		return m, err
	}
	var kept []string
	for _, it := range good {
		if m.Refused[it.Number] != nil {
			kept = append(kept, it.UniqueID)
		}
	}
	if len(kept) > 0 {
		err = c.Settle(nil, kept)
	}
	return m, err
}

// deleteNameless marks messages that have no unique-id, all of which this very
// session brought to disk: nothing else could tell their copies from another's.
func deleteNameless(ctx context.Context, s Deleter, items []Item) (Marks, error) {
	m := Marks{Refused: map[int]error{}}
	if len(items) == 0 {
		return m, nil
	}
	return m, m.send(ctx, s, items)
}

func (m *Marks) send(ctx context.Context, s Deleter, items []Item) error {
	at := 0
	return s.Delete(ctx, numbersOf(items), func(n int, err error) {
		if err != nil {
			m.Refused[n] = err
		} else if at < len(items) && items[at].Number == n {
			m.Marked = append(m.Marked, items[at])
		}
		at++
	})
}
