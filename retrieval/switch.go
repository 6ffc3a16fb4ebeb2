package retrieval

// Switch is one policy of the demo server that can be turned while it runs: half
// of what POP3 is blamed for is a server's policy, and here it can be seen changing.
type Switch struct {
	Name    string   // "retr-sets-seen"
	Value   string   // as it stands now
	Default string   // as it stood at the start
	About   string   // one line for the person
	Values  []string // what it can be, in the order a key goes through them; empty: free text
}
