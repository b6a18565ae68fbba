package drive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// requestsPerConnection makes connections come and go while most requests still find one open.
	requestsPerConnection = 100
	// answerPatience ends a drive whose service hangs. It is long because a watched service may be held.
	answerPatience = 30 * time.Second
)

// connection sends requests over one keep-alive connection after the other. It exists because net/http's client
// may send a request twice, and then nobody would know how many requests there were.
type connection struct {
	address string
	open    net.Conn
	in      *bufio.Reader
	left    int
}

func (c *connection) ask(path, cookie string) error {
	if err := c.ensureOpen(); err != nil {
		return err
	}
	status, err := c.exchange(path, cookie)
	if c.left--; err != nil || c.left == 0 {
		c.close()
	}
	return errors.Join(err, expectOK(status))
}

func (c *connection) ensureOpen() error {
	if c.open != nil {
		return nil
	}
	open, err := net.DialTimeout("tcp", c.address, answerPatience)
	if err != nil {
		return err
	}
	c.open, c.in, c.left = open, bufio.NewReader(open), requestsPerConnection
	return nil
}

func (c *connection) exchange(path, cookie string) (int, error) {
	if err := c.open.SetDeadline(time.Now().Add(answerPatience)); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(c.open, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", path, c.address, cookie); err != nil {
		return 0, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

func (c *connection) close() {
	if c.open != nil {
		c.open.Close() // nothing was written that could be lost
		c.open = nil
	}
}
