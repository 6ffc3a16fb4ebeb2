package retrieval

// Verb is something a person can ask of a side.
type Verb string

// The verbs. A side that has no such thing answers with UnsupportedError.
const (
	VerbRefresh   Verb = "refresh"       // IMAP: NOOP and counts. POP3: a new session, when nothing is pending in this one
	VerbOpen      Verb = "open"          // IMAP: SELECT Action.Folder
	VerbRead      Verb = "read"          // IMAP: +FLAGS \Seen
	VerbUnread    Verb = "unread"        // IMAP: -FLAGS \Seen
	VerbFlag      Verb = "flag"          // IMAP: +FLAGS \Flagged
	VerbUnflag    Verb = "unflag"        // IMAP: -FLAGS \Flagged
	VerbAnswered  Verb = "answered"      // IMAP: +FLAGS \Answered
	VerbUnanswer  Verb = "unanswer"      // IMAP: -FLAGS \Answered
	VerbKeyword   Verb = "keyword"       // IMAP: +FLAGS Action.Keyword
	VerbUnkeyword Verb = "unkeyword"     // IMAP: -FLAGS Action.Keyword
	VerbMove      Verb = "move"          // IMAP: UID MOVE to Action.Folder (RFC 6851), else COPY, STORE, UID EXPUNGE
	VerbCopy      Verb = "copy"          // IMAP: UID COPY
	VerbDelete    Verb = "delete"        // IMAP: +FLAGS \Deleted. POP3: DELE
	VerbUndelete  Verb = "undelete"      // IMAP: -FLAGS \Deleted. POP3: RSET unmarks all or none (RFC 1939 section 5)
	VerbExpunge   Verb = "expunge"       // IMAP: UID EXPUNGE. POP3: unsupported, QUIT does it
	VerbDownload  Verb = "download"      // POP3: RETR into the local copy, DELE by policy. IMAP: FETCH BODY.PEEK[]
	VerbReset     Verb = "reset"         // POP3: RSET
	VerbQuit      Verb = "quit"          // POP3: QUIT, which enters UPDATE and deletes; a new session follows. IMAP: LOGOUT
	VerbDrop      Verb = "drop"          // either: close the socket and say nothing
	VerbConnect   Verb = "connect"       // either: open a session when there is none
	VerbDeliver   Verb = "deliver"       // SMTP: submit one message to the account itself (the demo account only)
	VerbCreate    Verb = "create"        // IMAP: CREATE Action.Folder
	VerbRename    Verb = "rename"        // IMAP: RENAME Action.Folder to Action.Name
	VerbDiscard   Verb = "delete folder" // IMAP: DELETE Action.Folder with all that is in it
	VerbSubscribe Verb = "subscribe"     // IMAP: SUBSCRIBE Action.Folder
	VerbUnsub     Verb = "unsubscribe"   // IMAP: UNSUBSCRIBE Action.Folder
	VerbBack      Verb = "move back"     // IMAP: UID MOVE of what the last move took, by COPYUID (RFC 4315)
	VerbReadAloud Verb = "view"          // fetch one message's octets to look at: BODY.PEEK[] or the local copy
	VerbPolicy    Verb = "leave"         // change the leave-on-server policy to Action.Policy: a client setting
	VerbLimit     Verb = "limit"         // change the size limit of downloads to Action.Octets: a client setting
	VerbFetch     Verb = "fetch"         // POP3: RETR of all that is new, DELE of what is due: the policy's whole run, without its QUIT
	VerbSearch    Verb = "search"        // IMAP: UID SEARCH. POP3: nothing is sent, this device looks through what it knows
	VerbSort      Verb = "sort"          // IMAP: UID SORT or UID THREAD (RFC 5256)
	VerbRemove    Verb = "remove"        // Local: remove the copy on this device
)

// HeadersOnly is the limit under which nothing is downloaded by itself.
const HeadersOnly int64 = -1

// Action is one thing asked of one side.
type Action struct {
	Verb    Verb
	Side    Protocol
	UIDs    []uint32 // IMAP: messages of the selected mailbox
	Numbers []int    // POP3: message numbers of session Session
	Session int      // POP3: the session that Numbers belong to; a stale one is refused with ErrStale
	Folder  string   // open, move, copy, create, rename, delete folder, subscribe
	Name    string   // rename: the new name
	Holds   uint32   // delete folder: how many messages were shown to be in it; when it holds others, nothing is sent
	Keyword string   // keyword, unkeyword
	Policy  string   // leave: as account.ParseLeaveOnServer reads it
	Earlier bool     // leave: it holds for what was downloaded before, too
	Octets  int64    // limit: larger messages stay and are only looked at; 0: no limit; HeadersOnly: nothing is downloaded by itself
	Planned []string // download, fetch: the commands that were shown; when others would go out now, none does. nil: not shown
}
