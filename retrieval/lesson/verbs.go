package lesson

import "imapop/retrieval"

// shape is what may follow a verb: letters, flags, a folder, a text, a policy.
type shape string

const (
	noArgs      shape = ""
	oneLetter   shape = "LETTER"
	someLetters shape = "LETTER..."
	maybeNone   shape = "LETTER... or nothing"
	withFlags   shape = "LETTER FLAG..."
	toFolder    shape = "LETTER FOLDER"
	named       shape = "LETTER \"SUBJECT\""
	kept        shape = "LETTER keep|delete|7d"
	inFolder    shape = "FOLDER LETTER..."
	maybeLetter shape = "[LETTER]"
	sameOrNew   shape = "LETTER same|new"
)

type verb struct {
	name  string
	shape shape
	about string
}

// actions are what can be done on each side.
var actions = map[retrieval.Protocol][]verb{
	retrieval.IMAP: {
		{"open", noArgs, "log in, SELECT INBOX, and IDLE whenever nothing else runs"},
		{"flag", withFlags, "STORE +FLAGS"},
		{"unflag", withFlags, "STORE -FLAGS"},
		{"move", toFolder, "MOVE, or COPY, STORE and EXPUNGE where there is none; the folder INBOX moves back"},
		{"copy", toFolder, "COPY"},
		{"expunge", someLetters, "UID EXPUNGE"},
		{"read", oneLetter, "FETCH BODY[]"},
		{"peek", oneLetter, "FETCH BODY.PEEK[]"},
		{"headers", someLetters, "FETCH of flags, size and envelope, as a list of messages shows them"},
		{"append", named, "APPEND a new message"},
		{"noop", noArgs, "NOOP: ask for news"},
		{"send", noArgs, "IMAP has no such thing"},
		{"logout", noArgs, "LOGOUT"},
		{"drop", noArgs, "pull the cable"},
		{"stripped", noArgs, "log in through somebody who takes STARTTLS out of the server's answers"},
	},
	retrieval.POP3: {
		{"open", noArgs, "log in; STAT, LIST and UIDL"},
		{"top", someLetters, "TOP n 0"},
		{"retr", someLetters, "RETR; nothing is kept"},
		{"download", kept, "RETR into this device's local copy, then DELE by the policy"},
		{"tidy", noArgs, "DELE what the device's leave-on-server policy says is due"},
		{"dele", someLetters, "DELE"},
		{"rset", noArgs, "RSET"},
		{"noop", noArgs, "NOOP"},
		{"quit", noArgs, "QUIT"},
		{"drop", noArgs, "pull the cable"},
		{"stripped", noArgs, "log in through somebody who takes STLS out of the server's answers"},
		{"flag", withFlags, "POP3 has no such thing"},
		{"move", toFolder, "POP3 has no such thing"},
		{"search", noArgs, "POP3 has no such thing"},
		{"send", noArgs, "POP3 has no such thing"},
	},
	retrieval.SMTP: {
		{"deliver", named, "submit a message to the account itself; by APPEND where the account has no submission"},
	},
}

// conditions are what can be seen on each side.
var conditions = map[retrieval.Protocol][]verb{
	retrieval.IMAP: {
		{"lists", maybeNone, "INBOX has these messages of the lesson and no other"},
		{"has", someLetters, "INBOX has these"},
		{"lacks", someLetters, "INBOX does not have these"},
		{"folder", inFolder, "the folder has these"},
		{"flags", withFlags, "the message carries the flags"},
		{"unflagged", withFlags, "the message carries none of the flags"},
		{"uid", sameOrNew, "the message's UID is the first that was seen, or another"},
		{"trash", oneLetter, "the message lies in the folder for what was deleted"},
		{"subject", oneLetter, "the message has the Subject that it was made with"},
		{"hears-exists", noArgs, "EXISTS came by itself since the last act"},
		{"hears-expunge", maybeLetter, "EXPUNGE came by itself since the last act"},
		{"hears-flags", maybeLetter, "new flags came by themselves since the last act"},
		{"open", noArgs, "the session lives"},
		{"closed", noArgs, "there is no session"},
		{"secure", noArgs, "TLS protects the session"},
	},
	retrieval.POP3: {
		{"lists", maybeNone, "the open session lists these messages of the lesson and no other"},
		{"has", someLetters, "the open session lists these"},
		{"lacks", someLetters, "the open session does not list these"},
		{"marked", maybeNone, "these and no other are marked by DELE"},
		{"unique-id", sameOrNew, "the message's unique-id is the first that was seen, or another"},
		{"number", sameOrNew, "the message's number is that of the session before, or another"},
		{"octets", oneLetter, "LIST tells the same octets as at first"},
		{"bytes", oneLetter, "RETR brings the same bytes as at first"},
		{"open", noArgs, "the session lives"},
		{"closed", noArgs, "there is no session"},
		{"secure", noArgs, "TLS protects the session"},
	},
	retrieval.Local: {
		{"lists", maybeNone, "the device's local copy has these and no other"},
		{"reads", oneLetter, "the message can be read from the local copy"},
	},
	retrieval.SMTP: {
		{"accepted", noArgs, "250 came for the last message"},
	},
}

// outcomes are conditions on what comes of an action.
var outcomes = []verb{
	{"refused", noArgs, "the server says no"},
	{"works", noArgs, "the action goes through"},
	{"unsupported", noArgs, "the protocol has no such thing"},
	{"unsafe", noArgs, "imapop refuses before it sends a secret"},
	{"offline", noArgs, "there is no session to do it in"},
}

// sames compare the two sides.
var sames = []verb{
	{"octets", oneLetter, "RFC822.SIZE is what LIST tells"},
	{"bytes", oneLetter, "BODY.PEEK[] brings the bytes that RETR brings"},
}

func names(list []verb) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.name
	}
	return out
}

func find(list []verb, name string) *verb {
	for i := range list {
		if list[i].name == name {
			return &list[i]
		}
	}
	return nil
}
