window.YTD.note_tweet.part0 = [
  {
    "noteTweet": {
      "noteTweetId": "2052297379201155072",
      "updatedAt": "2026-05-07T08:00:00.000Z",
      "lifecycle": {
        "value": "1",
        "name": "Active",
        "originalName": "Active",
        "annotations": {}
      },
      "createdAt": "2026-05-07T08:00:00.000Z",
      "core": {
        "styletags": [],
        "urls": [],
        "text": "Synthetic: advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and training.",
        "mentions": [],
        "cashtags": [],
        "hashtags": []
      }
    }
  }
]
