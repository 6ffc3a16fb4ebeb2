package retrieval

// Cost is what reading one message took over one side so far, by the meter of
// that side's connection: its own commands and the answers to them, inside TLS.
type Cost struct {
	Read        bool  // it was read over this side since the program began
	Local       bool  // the last time it came from the local copy: nothing moved
	In, Out     int64 // octets
	Turnarounds int
	Whole       int64 // octets of the whole message as this side lists it (RFC822.SIZE, LIST); 0: not known
}

// Add takes in what a meter counted.
func (c Cost) Add(m Meter) Cost {
	c.Read = true
	c.In += m.In
	c.Out += m.Out
	c.Turnarounds += m.Turnarounds
	return c
}

// Costs are what one message took over both sides.
type Costs struct{ IMAP, POP3 Cost }
