window.YTD.tweets.part0 = [
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "2051240415851446272"
          ],
          "editableUntil": "2026-05-04T10:00:00Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Example</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": [
          {
            "url": "https://t.co/bbb1",
            "expanded_url": "https://office.example/a",
            "display_url": "office.example/a",
            "indices": [
              "27",
              "50"
            ]
          }
        ]
      },
      "display_text_range": [
        "0",
        "40"
      ],
      "favorite_count": "4",
      "id_str": "2051240415851446272",
      "truncated": false,
      "retweet_count": "2",
      "id": "2051240415851446272",
      "created_at": "Mon May 04 10:00:00 +0000 2026",
      "favorited": false,
      "full_text": "Synthetic: a post &amp; a link https://t.co/bbb1",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "2051625452958646272"
          ],
          "editableUntil": "2026-05-05T11:30:00Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Example</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "40"
      ],
      "favorite_count": "4",
      "id_str": "2051625452958646272",
      "truncated": false,
      "retweet_count": "2",
      "id": "2051625452958646272",
      "created_at": "Tue May 05 11:30:00 +0000 2026",
      "favorited": false,
      "full_text": "@partner_example Synthetic: a reply",
      "lang": "en",
      "in_reply_to_status_id_str": "2051600000000000000",
      "in_reply_to_user_id_str": "900000002",
      "in_reply_to_screen_name": "partner_example"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "2051953866961846272"
          ],
          "editableUntil": "2026-05-06T09:15:00Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Example</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "40"
      ],
      "favorite_count": "4",
      "id_str": "2051953866961846272",
      "truncated": false,
      "retweet_count": "2",
      "id": "2051953866961846272",
      "created_at": "Wed May 06 09:15:00 +0000 2026",
      "favorited": false,
      "full_text": "RT @partner_example: Synthetic: a repost",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "edit_info": {
        "initial": {
          "editTweetIds": [
            "2052297380459446272"
          ],
          "editableUntil": "2026-05-07T08:00:00Z",
          "editsRemaining": "5",
          "isEditEligible": true
        }
      },
      "retweeted": false,
      "source": "<a href=\"https://mobile.example\" rel=\"nofollow\">Example</a>",
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "display_text_range": [
        "0",
        "40"
      ],
      "favorite_count": "4",
      "id_str": "2052297380459446272",
      "truncated": false,
      "retweet_count": "2",
      "id": "2052297380459446272",
      "created_at": "Thu May 07 08:00:00 +0000 2026",
      "favorited": false,
      "full_text": "Synthetic: advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and training. advisors and officers met to talk about reform, pay and train… https://t.co/ccc1",
      "lang": "en"
    }
  },
  {
    "tweet": {
      "id_str": "none",
      "full_text": "Synthetic: broken"
    }
  }
]