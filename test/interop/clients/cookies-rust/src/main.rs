//! Connects twice with a library, named first, to a URL. What it is for, ../cookies.ts says.
use reqwest_websocket::Upgrade;
use std::error::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let (name, url, cookie) = (&arguments[1], &arguments[2], arguments.get(3));
    let client = reqwest::Client::builder().cookie_store(name == "reqwest-store").build()?;
    for _ in 0..2 {
        if name == "tungstenite" {
            let mut request = url.into_client_request()?;
            if let Some(cookie) = cookie {
                request.headers_mut().insert("Cookie", cookie.parse()?);
            }
            tokio_tungstenite::connect_async(request).await?;
        } else {
            let mut request = client.get(url);
            if let Some(cookie) = cookie {
                request = request.header("Cookie", cookie);
            }
            request.upgrade().send().await?.into_websocket().await?;
        }
    }
    Ok(())
}
