package retrieval

// Found is what a search brought.
type Found struct {
	Side    Protocol
	Text    string   // what was searched for
	UIDs    []uint32 // IMAP: what the server found in the open folder
	Numbers []int    // POP3: of the open session
	Headers int      // POP3: how many headers were looked at, all that TOP has told
	Copies  int      // POP3: how many whole copies on this device were
	Spent   Meter    // by the wire's meter; nothing over POP3
}
