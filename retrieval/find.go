package retrieval

// Order is how a list is put in order.
type Order string

// The orders. ByServer is the order in which the mailbox has its messages.
const (
	ByServer  Order = ""
	ByDate    Order = "by date"
	ByFrom    Order = "by sender"
	BySubject Order = "by subject"
	BySize    Order = "by size, largest first"
	ByUnread  Order = "unread first"
	ByThread  Order = "by thread"
)

// Found is what a search found on one side. Over IMAP it is the server's answer;
// over POP3 it is what is known on this device, and Looked says of how much.
type Found struct {
	Side    Protocol
	Asked   string // IMAP: the command, for a person to read; POP3: ""
	Mailbox string // IMAP: the mailbox that was searched
	Valid   uint32 // IMAP: its UIDVALIDITY
	UIDs    []uint32
	Upto    uint32   // IMAP: the highest UID there was; what came later was not searched
	Session int      // POP3: the session that Numbers belong to
	IDs     []string // POP3: unique-ids of what was found; "" for a message without one
	Numbers []int    // POP3: message numbers, rising
	Looked  int      // POP3: of how many messages enough is known to tell
	Copies  int      // POP3: how many whole copies were read
	Of      int      // messages there are on this side
	Spent   Meter    // by the wire's meter; nothing over POP3
}

// Arranged is one side's list in an order. Messages that it does not name come
// behind those that it does.
type Arranged struct {
	Side    Protocol
	By      Order
	Asked   string // the command that the server answered; "" when it was arranged here
	Why     string // why the server did not: its refusal, or what it lacks
	Mailbox string
	Valid   uint32
	UIDs    []uint32
	Depth   []int // ByThread: how many messages stand above each; as long as UIDs
}
