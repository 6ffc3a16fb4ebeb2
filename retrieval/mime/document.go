package mime

// BlockKind says how a block is drawn.
type BlockKind byte

// The kinds of blocks.
const (
	TextBlock     BlockKind = iota // Lines
	MarkdownBlock                  // Markdown, made of HTML
	EventBlock                     // Events, of an invitation
	PictureBlock                   // a picture that stands in the text: Label names it
	MessageBlock                   // a message inside begins: Header
	NoteBlock                      // Label says what is here and not shown
)

// Block is one piece of a document.
type Block struct {
	Kind     BlockKind
	Part     *Part
	Depth    int // in how many messages inside one another
	Label    string
	Lines    []Line
	Markdown string
	Events   []Event
	Header   Header
}

// Document is a message in the order in which a person reads it. All of it is clean.
type Document struct {
	Blocks      []Block
	Links       []Link
	Remote      []Remote // hosts that its HTML names; none was contacted
	Notes       []string // what was wrong with the shown parts
	Attachments []*Part
	Missing     []*Part // parts that the document needs and that are not here
	Both        bool    // the other of text and HTML is there too
	HTML        bool    // the text that is shown was made of HTML
}

// Document puts the message in order. html says which of two alternatives to
// show: the HTML, or else the plain text.
func (m *Message) Document(html bool) *Document {
	b := &assembler{html: html}
	b.notes.list = append(b.notes.list, m.Notes...)
	b.part(m.Root, 0, 0)
	b.Notes = b.notes.list
	return &b.Document
}
