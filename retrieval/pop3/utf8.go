package pop3

import "context"

// speakUTF8 says UTF8 (RFC 6856 section 2.1) where that is offered: this client
// takes octets as they are. A server that was not told may answer RETR of a
// message with 8-bit octets in its header with one of its own making (RFC 6856
// section 3, Courier does), which a download would keep while it deletes the
// mail. -ERR changes nothing.
func (s *Session) speakUTF8(ctx context.Context) error {
	if !s.caps.UTF8 {
		return nil
	}
	_, err := s.ask(ctx, "say UTF8", "UTF8")
	return err
}
