package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// answerPatience ends a drive whose server hangs. It is long because a watched server may be held.
const answerPatience = 20 * time.Second

// answerLimit is far more than any right answer is long.
const answerLimit = 1 << 16

// drive sends round after round until the time is over. Nobody is asked twice: what fails ends the drive.
func drive(ctx context.Context, o options, address string, books *books) error {
	transport := &http.Transport{MaxIdleConnsPerHost: o.clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: answerPatience}
	end := time.Now().Add(time.Duration(o.seconds * float64(time.Second)))
	for number := 0; time.Now().Before(end) && ctx.Err() == nil; number++ {
		asked := newRound(number, o.clients)
		answers, err := asked.send(client, address)
		if err != nil {
			return err
		}
		books.judge(asked, answers)
	}
	return ctx.Err()
}

// round is a number of requests that are sent at the same time.
type round []request

func newRound(number, clients int) round {
	var asked round
	for client := range clients {
		asked = append(asked, newRequest(client+number))
	}
	return asked
}

// send returns an answer for each request.
func (r round) send(client *http.Client, address string) ([]answer, error) {
	answers, failures := make([]answer, len(r)), make([]error, len(r))
	var line sync.WaitGroup
	together := make(chan struct{})
	for i, request := range r {
		line.Go(func() {
			<-together
			answers[i], failures[i] = request.send(client, address)
		})
	}
	close(together)
	line.Wait()
	for _, failure := range failures {
		if failure != nil {
			return nil, failure
		}
	}
	return answers, nil
}

// answer is what a response says, in two places, of the one who asked.
type answer struct {
	Body struct {
		VisitorID string `json:"visitor_id"`
		SessionID string `json:"session_id"`
		Campaign  string `json:"campaign"`
	}
	Cookies struct{ VisitorID, SessionID string }
}

func (q request) send(client *http.Client, address string) (answer, error) {
	message, err := http.NewRequest(http.MethodGet, address+"/stay?utm_source=drive&utm_campaign="+url.QueryEscape(q.campaign), nil)
	if err != nil {
		return answer{}, err
	}
	for name, value := range map[string]string{"visitor_id": q.visitorID, "session_id": q.sessionID} {
		if value != "" {
			message.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	response, err := client.Do(message)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	return read(response)
}

func read(response *http.Response) (answer, error) {
	var got answer
	text, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return answer{}, err
	}
	if response.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("answered %s: %.200s", response.Status, text)
	}
	if err := json.Unmarshal(text, &got.Body); err != nil {
		return answer{}, fmt.Errorf("an answer that is no JSON: %.200q", text)
	}
	for _, cookie := range response.Cookies() {
		switch cookie.Name {
		case "visitor_id":
			got.Cookies.VisitorID = cookie.Value
		case "session_id":
			got.Cookies.SessionID = cookie.Value
		}
	}
	return got, nil
}
