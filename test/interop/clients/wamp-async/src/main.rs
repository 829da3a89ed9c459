//! A client of wamp_async. See ../client.ts for what each of these programs does.
use std::error::Error;
use wamp_async::{
    AuthenticationChallengeResponse, AuthenticationMethod, Client, ClientConfig, SerializerType, WampArgs, WampError, WampKwArgs,
};

async fn echo(args: Option<WampArgs>, kwargs: Option<WampKwArgs>) -> Result<(Option<WampArgs>, Option<WampKwArgs>), WampError> {
    Ok((args, kwargs))
}

async fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let serializer = if arguments[2] == "json" { SerializerType::Json } else { SerializerType::MsgPack };
    let mut config = ClientConfig::default().set_serializers(vec![serializer]);
    if let Some(cookie) = arguments.get(4) {
        config = config.add_websocket_header("Cookie".into(), cookie.clone());
    }
    let (mut client, (events, calls)) = Client::connect(&arguments[1], Some(config)).await?;
    tokio::spawn(events);
    tokio::spawn(async move {
        let mut calls = calls.unwrap();
        while let Some(call) = calls.recv().await {
            tokio::spawn(call);
        }
    });
    if arguments[3] == "ticket" {
        client
            .join_realm_with_authentication("realm1", vec![AuthenticationMethod::Ticket], "joe", |_, _| async {
                Ok(AuthenticationChallengeResponse::with_signature("let me in".into()))
            })
            .await?;
    } else {
        client.join_realm("realm1").await?;
    }

    client.register("com.client.echo", echo).await?;
    let (_, mut news) = client.subscribe("com.client.news").await?;
    let (result, _) = client.call("com.app.greet", Some(vec!["Grüße".into()]), None).await?;
    client.publish("com.client.result", result, None, true).await?;
    while let Some((_, args, kwargs)) = news.recv().await {
        client.publish("com.client.heard", args, kwargs, true).await?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&arguments))
}
