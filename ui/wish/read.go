package wish

import "imapop/retrieval/mime"

// What the reader asks for beyond the message it is opened on.
type (
	// Step reads the next message of the list, or with -1 the one before.
	Step struct{ By int }
	// Other reads the same message over the other side.
	Other struct{}
	// Text fetches parts that the message's text still needs.
	Text struct{ Parts []mime.Wanted }
	// Part fetches one part whole.
	Part struct{ Part mime.Wanted }
	// Source fetches the beginning of the message as it came.
	Source struct{ Octets int64 }
	// Trust asks who answers for the message.
	Trust struct{}
	// Propose asks where a new file of this name could go.
	Propose struct{ Name string }
	// File is an attachment that is here.
	File struct {
		Name     string // safe
		Encoding string // of its transfer
		Body     []byte // as transferred
	}
	// Store writes a new file.
	Store struct {
		Path string
		File File
	}
	// Show gives a file to the system's opener.
	Show struct{ File File }
	// Browse gives a link to the system's opener.
	Browse struct{ URL string }
)

func (Step) wish()    {}
func (Other) wish()   {}
func (Text) wish()    {}
func (Part) wish()    {}
func (Source) wish()  {}
func (Propose) wish() {}
func (Trust) wish()   {}
func (Store) wish()   {}
func (Show) wish()    {}
func (Browse) wish()  {}
