package live

// served is what the two protocols' sessions have in common for their owner.
type served interface {
	Done() <-chan struct{}
	Err() error
}

// serveSession runs a side's jobs and, when none waits, its background work, until the
// session or the Desk ends; it returns why. Neither side knows of the other: it
// is the same loop twice.
func serveSession[S served](d *Desk, s S, jobs <-chan job[S], wake <-chan struct{}, background func(S) error) error {
	for {
		select { // actions go before what nobody waits for
		case j := <-jobs:
			if err := j.end(s); err != nil {
				return err
			}
			continue
		case <-s.Done():
			return ended(s)
		case <-d.ctx.Done():
			return d.ctx.Err()
		default:
		}
		select {
		case j := <-jobs:
			if err := j.end(s); err != nil {
				return err
			}
		case <-wake:
			if err := background(s); err != nil {
				return err
			}
		case <-s.Done():
			return ended(s)
		case <-d.ctx.Done():
			return d.ctx.Err()
		}
	}
}

func ended(s served) error {
	if err := s.Err(); err != nil {
		return err
	}
	return errByUs
}
