"""The embeds of an appeal for other sites: the frame and the script that makes it, badge, oEmbed, feed, stream overlay.
All of it comes from one function (`content.find`); nothing here takes a donation, sets a cookie or knows who looks."""
