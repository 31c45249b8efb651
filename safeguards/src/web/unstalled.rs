//! A connection that ends when its caller stops reading.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Bytes of a connection, of which those that go out must go on: when for so long not one could be sent, sending fails. What
/// comes in has its limits in HTTP: of the head, and of the request as a whole.
#[derive(Debug)]
pub struct Unstalled<S> {
    stream: S,
    patience: Duration,
    /// Runs while something waits to be sent.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Unstalled<S> {
    /// A stream whose caller may leave us waiting for so long.
    pub fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, waiting: None }
    }
}

impl<S: AsyncWrite + Unpin> Unstalled<S> {
    fn sending<T>(
        &mut self,
        context: &mut Context<'_>,
        send: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(sent) = send(Pin::new(&mut self.stream), context) {
            self.waiting = None;
            return Poll::Ready(sent);
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        // Whoever asks again hears it again.
        waiting.as_mut().reset(Instant::now());
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the caller does not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unstalled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unstalled<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.sending(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.sending(context, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sending(context, |stream, context| stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sending(context, |stream, context| stream.poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// A caller who reads slowly is served to the end.
    #[tokio::test]
    async fn each_byte_that_is_read_begins_the_patience_anew() {
        let (ours, mut theirs) = duplex(1);
        let mut ours = Unstalled::new(ours, Duration::from_secs(600));
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).await.map(|_| all)
        });
        ours.write_all(&[7; 100]).await.expect("each byte made room for another");
        assert!(ours.waiting.is_none(), "nothing waits to be sent");
        drop(ours);
        assert_eq!(reading.await.expect("it ends").expect("it reads"), [7; 100]);
    }

    /// A caller who has stopped reading is not waited for.
    #[tokio::test]
    async fn who_stops_reading_is_given_up() {
        let (ours, _theirs) = duplex(8);
        let mut ours = Unstalled::new(ours, Duration::from_millis(1));
        let error = ours.write_all(&[7; 9]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
